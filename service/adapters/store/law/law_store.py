"""`LawStore` and `ChangeStore`: the law as installed, and its changes."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import note
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import versions
from service.adapters.store.law.apply_plan import store
from service.adapters.store.law.calendars_used import keep_seen, seen
from service.adapters.store.law.edit import Edited, write
from service.adapters.store.law.groups import groups, scope_of
from service.adapters.store.law.load import load, stamp
from service.adapters.store.slots.frozen_forecasts import renew
from service.domain.calendars.calendar import Calendar
from service.domain.law_change.diff import differences
from service.domain.law_change.edits import Apply, Edit, Offices, Refresh, Revert, Years
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.flow.rows import Changed, Planner


class OfficeStore:
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
        self._read: tuple[str, Law] | None = None

    async def law(self) -> Law:
        """Everything that dates a permit, read afresh when it has changed."""
        async with self._database.read() as connection:
            return await self._law(connection)

    async def outdated(self) -> dict[str, date | None] | None:
        """Until when calendars were covered when permits were dated; None: no change.

        They change when a release of the holidays knows more.
        """
        async with self._database.read() as connection:
            return await seen(connection, self._calendars)

    async def history(self, rule: str) -> list[Revision]:
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

    async def preview(self, edit: Edit, plan: Planner, now: datetime) -> Changed:
        """Make the change, plan, and take everything back."""
        async with self._database.rehearse() as connection:
            return await self._change(connection, edit, plan, now, "nobody")

    async def change(
        self, edit: Edit, plan: Planner, now: datetime, by: str, reason: str | None
    ) -> Changed:
        """Make the change and store its plan, in one transaction; note who did."""
        async with self._database.write() as connection:
            done = await self._change(connection, edit, plan, now, by)
            if not (isinstance(edit, Apply) and edit.shadow):
                await store(connection, done.plan, now)
                await renew(connection, now)
            await note(connection, now, by, _WHAT[type(edit)], _detail(done, reason))
            return done

    async def _law(self, connection: AsyncConnection) -> Law:
        known = await stamp(connection)
        if self._read is None or self._read[0] != known:
            self._read = known, await self._load(connection, self._calendars)
        return self._read[1]

    async def _change(
        self,
        connection: AsyncConnection,
        edit: Edit,
        plan: Planner,
        now: datetime,
        by: str,
    ) -> Changed:
        await stamp(connection, held="update")
        before = await self._before(connection, edit)
        done = Edited(by, now)
        if isinstance(edit, Years | Refresh) or await self._never_seen(connection):
            await keep_seen(connection, self._calendars)
        await write(connection, edit, before, done)
        after = await self._load(connection, self._calendars)
        if isinstance(edit, Apply) and edit.shadow:
            after = after.as_if(done.installed)
        scope = await scope_of(
            connection, (before, after), *_touched(edit, before, after)
        )
        made = plan(before, after, await groups(connection, scope, now))
        return Changed(tuple(done.installed), tuple(done.retired), before, after, made)

    async def _never_seen(self, connection: AsyncConnection) -> bool:
        return await seen(connection, self._calendars) == {}

    async def _before(self, connection: AsyncConnection, edit: Edit) -> Law:
        if isinstance(edit, Refresh):
            return await self._load(connection, edit.published_before)
        return await self._law(connection)

    async def _load(
        self, connection: AsyncConnection, calendars: Mapping[str, Calendar]
    ) -> Law:
        return await load(connection, calendars, self._templates)


def _touched(
    edit: Edit, before: Law, after: Law
) -> tuple[Collection[str] | None, Collection[str] | None]:
    """The rules and the authorities whose permits a change may date anew."""
    match edit:
        case Apply():
            codes = {rule.code for rule in edit.rules}
            return _differing(codes, before, after), None
        case Revert():
            return [edit.rule], None
        case Offices():
            return None, {
                code for office in edit.offices for code in after.below(office.code)
            }
        case Years() | Refresh():
            return None, None


def _differing(codes: Collection[str], before: Law, after: Law) -> list[str]:
    return [one for one in codes if before.rules.get(one) != after.rules.get(one)]


_WHAT: Final[Mapping[type[Edit], str]] = {
    Apply: "rules apply",
    Revert: "rules revert",
    Offices: "authorities load",
    Years: "calendars load",
    Refresh: "calendars refresh",
}


def _detail(done: Changed, reason: str | None) -> dict[str, object]:
    told: dict[str, object] = {
        "installed": list(done.installed),
        "retired": list(done.retired),
        "changed": [
            it.after or it.before for it in differences(done.before, done.after)
        ],
        "permits": done.plan.impact.permits,
    }
    if done.plan.objections:
        told["objections"] = list(done.plan.objections)
    return told | ({"reason": reason} if reason else {})
