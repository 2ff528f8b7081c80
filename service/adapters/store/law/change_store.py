"""Changes of the law: edited, planned and applied in one transaction."""

from asyncio import to_thread
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import permits, versions
from service.adapters.store.law.apply_plan import apply_plan
from service.adapters.store.law.calendars_used import (
    outdated_calendars,
    record_calendars_used,
)
from service.adapters.store.law.digest import read_law_digest
from service.adapters.store.law.edit import AppliedEdit, apply_edit
from service.adapters.store.law.groups import load_groups, scope_of
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.store.slots.frozen_forecasts import discard_forecasts
from service.domain.law_change.diff import diff_laws
from service.domain.law_change.edits import (
    AuthoritiesEdit,
    CalendarYearsEdit,
    Edit,
    HolidaysEdit,
    RevertEdit,
    RulesEdit,
)
from service.domain.law_change.group import PermitGroup
from service.domain.law_change.plan import ChangePlan
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.flow.law_change.change import ChangePlanner, ChangeResult, ChangeStore

MANY_PERMITS: Final = 1000
"""More permits than that are not planned for while others wait to write."""


@dataclass(frozen=True, slots=True)
class _Edited:
    """The law before and after an edit, and the permits that it may date anew."""

    before: Law
    after: Law
    groups: list[PermitGroup]
    applied: AppliedEdit

    async def plan(self, planner: ChangePlanner) -> ChangePlan:
        """Plan in a thread, so that requests are answered meanwhile."""
        return await to_thread(planner, self.before, self.after, self.groups)

    def result(self, plan: ChangePlan) -> ChangeResult:
        """The result of the edit with this plan."""
        installed, retired = self.applied.installed, self.applied.retired
        return ChangeResult(
            tuple(installed), tuple(retired), self.before, self.after, plan
        )


@dataclass(frozen=True, slots=True)
class _Draft:
    """An edit that was rolled back, and what it would have done."""

    edited: _Edited
    result: ChangeResult

    async def plan(self, edited: _Edited, planner: ChangePlanner) -> ChangeResult:
        """The result of the same edit, made later.

        Where others have written meanwhile it is planned again, which is quick: the
        law of this draft has computed its dates already.
        """
        former = self.edited
        if former.before.digest == edited.before.digest:
            edited = replace(edited, before=former.before, after=former.after)
            if former.groups == edited.groups:
                return edited.result(self.result.plan)
        return edited.result(await edited.plan(planner))


class SqlChangeStore(ChangeStore):
    """Edits the documents that `law_store` reads."""

    def __init__(self, database: Database, law_store: SqlLawStore) -> None:
        self._database = database
        self._law_store = law_store

    async def outdated_calendars(self) -> dict[str, date | None] | None:
        """The day until which each calendar was known when it dated permits.

        None if the published calendars have not changed since.
        """
        async with self._database.read() as connection:
            return await outdated_calendars(connection, self._law_store.calendars)

    async def revisions(self, rule: str) -> list[Revision]:
        """Every version of a rule ever installed, in the order of installation."""
        wanted = (
            select(
                versions.c.id,
                versions.c.state,
                versions.c.applied_at,
                versions.c.applied_by,
            )
            .where(versions.c.rule == rule)
            .order_by(versions.c.batch, versions.c.id)
        )
        async with self._database.read() as connection:
            return [Revision(*row) for row in await connection.execute(wanted)]

    async def preview(
        self, edit: Edit, plan: ChangePlanner, now: datetime
    ) -> ChangeResult:
        """Make the change and plan it in a transaction that is rolled back."""
        return (await self._make_draft(edit, plan, now)).result

    async def change(
        self,
        edit: Edit,
        plan: ChangePlanner,
        now: datetime,
        by: str,
        reason: str | None,
    ) -> ChangeResult:
        """Make the change, apply its plan and log it, in one transaction.

        A shadow is only installed: it dates no permit. To compute the dates of many
        permits takes seconds, in which others would wait to write: a draft is planned
        first, in a transaction of its own, and then checked and stored.
        """
        draft = None
        if await self._has_many_permits():
            draft = await self._make_draft(edit, plan, now)
        async with self._database.write(confirmed=True) as connection:
            edited = await self._edit(connection, edit, now, by)
            if draft is not None:
                result = await draft.plan(edited, plan)
            else:
                result = edited.result(await edited.plan(plan))
            if not (isinstance(edit, RulesEdit) and edit.shadow):
                await apply_plan(connection, result.plan, now)
                await discard_forecasts(connection, now)
            detail = _detail(result, reason)
            await log_action(connection, now, by, _ACTION_NAMES[type(edit)], detail)
            return result

    async def _has_many_permits(self) -> bool:
        wanted = select(permits.c.id).limit(1).offset(MANY_PERMITS)
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).first() is not None

    async def _make_draft(
        self, edit: Edit, plan: ChangePlanner, now: datetime
    ) -> _Draft:
        """Make the change in a transaction that is rolled back; plan after that."""
        async with self._database.dry_run() as connection:
            edited = await self._edit(connection, edit, now, "nobody")
        return _Draft(edited, edited.result(await edited.plan(plan)))

    async def _edit(
        self, connection: AsyncConnection, edit: Edit, now: datetime, by: str
    ) -> _Edited:
        await read_law_digest(connection, lock="update")
        before = await self._law_before(connection, edit)
        await self._record_calendars(connection, edit)
        applied = AppliedEdit(by, now)
        await apply_edit(connection, edit, before, applied)
        after = await self._law_store.load(connection, self._law_store.calendars)
        if isinstance(edit, RulesEdit) and edit.shadow:
            after = after.with_shadow_versions(applied.installed)
        rules, authorities = _affected_scope(edit, before, after)
        scope = await scope_of(connection, (before, after), rules, authorities)
        groups = await load_groups(connection, scope, now)
        return _Edited(before, after, groups, applied)

    async def _law_before(self, connection: AsyncConnection, edit: Edit) -> Law:
        if isinstance(edit, HolidaysEdit):
            return await self._law_store.load(connection, edit.published_before)
        return await self._law_store.law_within(connection)

    async def _record_calendars(self, connection: AsyncConnection, edit: Edit) -> None:
        """Store which calendars date the permits, when that changes or begins."""
        calendars = self._law_store.calendars
        if (
            isinstance(edit, CalendarYearsEdit | HolidaysEdit)
            or await outdated_calendars(connection, calendars) == {}
        ):
            await record_calendars_used(connection, calendars)


def _affected_scope(
    edit: Edit, before: Law, after: Law
) -> tuple[Collection[str] | None, Collection[str] | None]:
    """The rules and the authorities whose permits an edit may date anew; None: all."""
    match edit:
        case RulesEdit():
            codes = {rule.code for rule in edit.rules}
            changed = [
                code
                for code in codes
                if before.rules.get(code) != after.rules.get(code)
            ]
            return changed, None
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


_ACTION_NAMES: Final[Mapping[type[Edit], str]] = {
    RulesEdit: "rules apply",
    RevertEdit: "rules revert",
    AuthoritiesEdit: "authorities load",
    CalendarYearsEdit: "calendars load",
    HolidaysEdit: "calendars refresh",
}
"""The action log's names of edits."""


def _detail(result: ChangeResult, reason: str | None) -> dict[str, object]:
    """What the action log stores of a change."""
    changes = diff_laws(result.before, result.after)
    detail: dict[str, object] = {
        "installed": list(result.installed_versions),
        "retired": list(result.retired_versions),
        "changed": [change.after or change.before for change in changes],
        "permits": result.plan.impact.permits,
    }
    if result.plan.objections:
        detail["objections"] = list(result.plan.objections)
    return detail | ({"reason": reason} if reason else {})
