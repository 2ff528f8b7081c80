"""Slots: kept once per (version, authority, expiry date, step), expanded when due."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Row, and_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.born import bear, in_group, supersede
from service.adapters.store.database import Database
from service.adapters.store.moves import in_pieces
from service.adapters.store.reopened import reopen
from service.adapters.store.schema import golives, permits, reminders, slots
from service.adapters.store.trials import bear_in_trial, staff_permits
from service.adapters.store.upsert import insert_into
from service.domain.births import Births
from service.domain.golive import State
from service.domain.schedule import Slot
from service.domain.status import ReminderState
from service.flow.rows import DueGroup, Entry

GROUP = (slots.c.series, slots.c.authority, slots.c.expires_on)

GroupKey = tuple[str, str, date]


class SlotStore:
    """`ExpandStore` on the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expand(self, now: datetime, limit: int) -> int | None:
        """Give birth to the reminders of some groups in one transaction; how many."""
        async with self._database.read() as connection:
            if not await _due(connection, now, limit=1):
                return None
        async with self._database.write() as connection:
            groups = await groups_of(
                connection, await _due(connection, now, limit), now
            )
            return sum(
                [await birth(connection, one, one.births(now), now) for one in groups]
            )

    async def expand_trials(self, now: datetime) -> int:
        """Give the permits with a staff phone their current step; how many got one."""
        async with self._database.read() as connection:
            if not await staff_permits(connection, now):
                return 0
        async with self._database.write() as connection:
            joined = await staff_permits(connection, now)
            groups = await groups_of(connection, joined, now, state="trial")
            return sum(
                [
                    await bear_in_trial(connection, group, joined[key_of(group)], now)
                    for group in groups
                ]
            )


async def _due(
    connection: AsyncConnection, now: datetime, limit: int
) -> list[GroupKey]:
    """The live groups with a slot due at `now` and not expanded, oldest first."""
    due = (
        select(*GROUP)
        .join_from(slots, golives, _started(now, "live"))
        .where(slots.c.expanded_at.is_(None), slots.c.due_at <= now)
        .order_by(slots.c.due_at)
        .limit(limit)
    )
    rows = await connection.execute(due)
    return [*dict.fromkeys((row[0], row[1], row[2]) for row in rows)]


async def groups_of(
    connection: AsyncConnection,
    keys: Iterable[GroupKey],
    now: datetime,
    state: State = "live",
) -> list[DueGroup]:
    """The groups of these keys that are live, or on trial, with all their slots."""
    found: dict[GroupKey, list[Row[tuple[object, ...]]]] = {key: [] for key in keys}
    for piece in in_pieces(list(found)):
        wanted = (
            select(slots, golives.c.live_from, golives.c.catch_up_days)
            .join_from(slots, golives, _started(now, state))
            .where(tuple_(*GROUP).in_(piece))
            .order_by(slots.c.due_at)
        )
        for row in await connection.execute(wanted):
            found[row.series, row.authority, row.expires_on].append(row)
    return [_group(rows) for rows in found.values() if rows]


async def insert_missing(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Make the slots of these permits exist."""
    rows = {
        (one.series, one.permit.authority, one.permit.expires_on, slot.step): {
            "series": one.series,
            "version_id": one.version,
            "authority": one.permit.authority,
            "expires_on": one.permit.expires_on,
            "step": slot.step,
            "rule": one.permit.rule,
            "due_at": slot.due_at,
            "until_at": slot.until_at,
            "template": slot.template,
            "replaces": ",".join(slot.replaces) or None,
        }
        for one in entries
        for slot in one.slots
    }
    if rows:
        await connection.execute(
            insert_into(connection, slots).on_conflict_do_nothing(), list(rows.values())
        )


async def take_back(
    connection: AsyncConnection, keys: Iterable[GroupKey], now: datetime
) -> None:
    """Slots expanded in what is the future again are expanded anew when due.

    A clock was set back: whoever joins these groups now was not there.
    """
    for piece in in_pieces(list(keys)):
        await connection.execute(
            update(slots)
            .where(
                tuple_(*GROUP).in_(piece),
                slots.c.due_at > now,
                slots.c.expanded_at.is_not(None),
            )
            .values(expanded_at=None)
        )


async def birth(
    connection: AsyncConnection, group: DueGroup, plan: Births, now: datetime
) -> int:
    """Give birth to the reminders of a group; how many. Their slots are expanded."""
    fresh = [row for row in plan.rows if row.slot.step in group.unexpanded]
    for row in fresh:
        if row.state is ReminderState.DUE:
            await reopen(connection, group, row.slot, _of_group(group), now)
    born = sum([await bear(connection, group, row, now) for row in fresh])
    if any(row.state is ReminderState.DUE for row in fresh):
        await supersede(connection, group, fresh[-1].slot, now)
    await connection.execute(
        update(slots)
        .where(
            and_(*(a == b for a, b in zip(GROUP, key_of(group), strict=True))),
            slots.c.step.in_([row.slot.step for row in fresh]),
        )
        .values(expanded_at=now)
    )
    return born


def _of_group(group: DueGroup) -> ColumnElement[bool]:
    members = select(permits.c.id).where(in_group(group))
    return reminders.c.permit_id.in_(members)


def key_of(group: DueGroup) -> GroupKey:
    """What a group is told by."""
    return group.series, group.authority, group.expires_on


def split(replaces: str | None) -> tuple[str, ...]:
    """The steps a slot replaces, as they were joined to be stored."""
    return tuple(replaces.split(",")) if replaces else ()


def _started(now: datetime, state: State) -> ColumnElement[bool]:
    return and_(
        golives.c.authority == slots.c.authority,
        golives.c.rule == slots.c.rule,
        golives.c.state == state,
        golives.c.live_from <= now,
    )


def _group(rows: Sequence[Row[tuple[object, ...]]]) -> DueGroup:
    first = rows[0]
    return DueGroup(
        rule=first.rule,
        series=first.series,
        version=first.version_id,
        authority=first.authority,
        expires_on=first.expires_on,
        slots=tuple(
            Slot(row.step, row.due_at, row.until_at, row.template, split(row.replaces))
            for row in rows
        ),
        unexpanded=frozenset(row.step for row in rows if row.expanded_at is None),
        redated=frozenset(row.step for row in rows if row.redated_at is not None),
        live_from=first.live_from,
        catch_up=first.catch_up_days > 0,
    )
