"""`LawStore` and `ChangeStore`: the law as installed, and its changes."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import versions
from service.adapters.store.law.apply_plan import apply_plan
from service.adapters.store.law.calendars_used import (
    outdated_calendars,
    record_calendars_used,
)
from service.adapters.store.law.edit import AppliedEdit, apply_edit
from service.adapters.store.law.groups import load_groups, scope_of
from service.adapters.store.law.load import load_law, read_law_digest
from service.adapters.store.slots.frozen_forecasts import discard_forecasts
from service.domain.calendars.calendar import Calendar
from service.domain.law_change.diff import diff_laws
from service.domain.law_change.edits import (
    AuthoritiesEdit,
    CalendarYearsEdit,
    Edit,
    HolidaysEdit,
    RevertEdit,
    RulesEdit,
)
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.flow.law_change.change import ChangePlanner, ChangeResult


class SqlLawStore:
    """What an office has installed; it may name these `calendars` and `templates`."""

    def __init__(
        self,
        database: Database,
        calendars: Mapping[str, Calendar],
        templates: frozenset[str],
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._templates = templates
        self._cached: tuple[str, Law] | None = None

    async def current_law(self) -> Law:
        """Everything that dates a permit, read afresh when it has changed."""
        async with self._database.read() as connection:
            return await self._law(connection)

    async def outdated_calendars(self) -> dict[str, date | None] | None:
        """Until when calendars were covered when permits were dated; None: no change.

        They change when a release of the holidays knows more.
        """
        async with self._database.read() as connection:
            return await outdated_calendars(connection, self._calendars)

    async def revisions(self, rule: str) -> list[Revision]:
        """Every version of a rule that was ever installed, in that order."""
        told = (
            versions.c.id,
            versions.c.state,
            versions.c.applied_at,
            versions.c.applied_by,
        )
        wanted = select(*told).where(versions.c.rule == rule)
        async with self._database.read() as connection:
            found = await connection.execute(
                wanted.order_by(versions.c.batch, versions.c.id)
            )
            return [Revision(*row) for row in found]

    async def preview(
        self, edit: Edit, plan: ChangePlanner, now: datetime
    ) -> ChangeResult:
        """Make the change, plan, and take everything back."""
        async with self._database.dry_run() as connection:
            return await self._change(connection, edit, plan, now, "nobody")

    async def change(
        self,
        edit: Edit,
        plan: ChangePlanner,
        now: datetime,
        by: str,
        reason: str | None,
    ) -> ChangeResult:
        """Make the change and store its plan, in one transaction; note who did."""
        async with self._database.write() as connection:
            done = await self._change(connection, edit, plan, now, by)
            if not (isinstance(edit, RulesEdit) and edit.shadow):
                await apply_plan(connection, done.plan, now)
                await discard_forecasts(connection, now)
            await log_action(
                connection, now, by, _ACTION_NAMES[type(edit)], _detail(done, reason)
            )
            return done

    async def _law(self, connection: AsyncConnection) -> Law:
        known = await read_law_digest(connection)
        if self._cached is None or self._cached[0] != known:
            self._cached = known, await self._load(connection, self._calendars)
        return self._cached[1]

    async def _change(
        self,
        connection: AsyncConnection,
        edit: Edit,
        plan: ChangePlanner,
        now: datetime,
        by: str,
    ) -> ChangeResult:
        await read_law_digest(connection, lock="update")
        before = await self._before(connection, edit)
        done = AppliedEdit(by, now)
        if isinstance(
            edit, CalendarYearsEdit | HolidaysEdit
        ) or await self._is_first_use(connection):
            await record_calendars_used(connection, self._calendars)
        await apply_edit(connection, edit, before, done)
        after = await self._load(connection, self._calendars)
        if isinstance(edit, RulesEdit) and edit.shadow:
            after = after.with_shadow_versions(done.installed)
        scope = await scope_of(
            connection, (before, after), *_affected_scope(edit, before, after)
        )
        made = plan(before, after, await load_groups(connection, scope, now))
        return ChangeResult(
            tuple(done.installed), tuple(done.retired), before, after, made
        )

    async def _is_first_use(self, connection: AsyncConnection) -> bool:
        return await outdated_calendars(connection, self._calendars) == {}

    async def _before(self, connection: AsyncConnection, edit: Edit) -> Law:
        if isinstance(edit, HolidaysEdit):
            return await self._load(connection, edit.published_before)
        return await self._law(connection)

    async def _load(
        self, connection: AsyncConnection, calendars: Mapping[str, Calendar]
    ) -> Law:
        return await load_law(connection, calendars, self._templates)


def _affected_scope(
    edit: Edit, before: Law, after: Law
) -> tuple[Collection[str] | None, Collection[str] | None]:
    """The rules and the authorities whose permits a change may date anew."""
    match edit:
        case RulesEdit():
            codes = {rule.code for rule in edit.rules}
            return _changed_rules(codes, before, after), None
        case RevertEdit():
            return [edit.rule], None
        case AuthoritiesEdit():
            return None, {
                code
                for office in edit.authorities
                for code in after.subtree(office.code)
            }
        case CalendarYearsEdit() | HolidaysEdit():
            return None, None


def _changed_rules(codes: Collection[str], before: Law, after: Law) -> list[str]:
    return [one for one in codes if before.rules.get(one) != after.rules.get(one)]


_ACTION_NAMES: Final[Mapping[type[Edit], str]] = {
    RulesEdit: "rules apply",
    RevertEdit: "rules revert",
    AuthoritiesEdit: "authorities load",
    CalendarYearsEdit: "calendars load",
    HolidaysEdit: "calendars refresh",
}


def _detail(done: ChangeResult, reason: str | None) -> dict[str, object]:
    told: dict[str, object] = {
        "installed": list(done.installed_versions),
        "retired": list(done.retired_versions),
        "changed": [it.after or it.before for it in diff_laws(done.before, done.after)],
        "permits": done.plan.impact.permits,
    }
    if done.plan.objections:
        told["objections"] = list(done.plan.objections)
    return told | ({"reason": reason} if reason else {})
