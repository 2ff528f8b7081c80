"""Slots: kept once per (version, authority, expiry date, step), expanded when due."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import Gathered
from service.adapters.store.db.schema import golives, permits, reminders, slots
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.reopen import MAY_REOPEN, reopen
from service.adapters.store.slots.births import Alike, bear, supersede
from service.adapters.store.slots.clock_set_back import apart, keep_time, seen_at
from service.adapters.store.slots.frozen_forecasts import after_counting
from service.adapters.store.slots.group_key import (
    GROUP,
    IN_GROUPS,
    GroupKey,
    Named,
    key_of,
    of_groups,
    same_group,
)
from service.adapters.store.slots.trial import bear_in_trial, staff_permits
from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import ReminderState
from service.domain.go_live.go_live import State
from service.flow.rows import DueGroup, Entry


class SlotStore:
    """`ExpandStore` on the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_time(self, now: datetime) -> None:
        """Notice a clock that was set back: what it had missed is expanded anew."""
        async with self._database.read() as connection:
            if not apart(await seen_at(connection), now):
                return
        async with self._database.write() as connection:
            await keep_time(connection, now)

    async def expand(self, now: datetime, limit: int) -> int | None:
        """Give birth to the reminders of some groups in one transaction; how many."""
        async with self._database.read() as connection:
            if not await _due(connection, now, limit=1):
                return None
        async with self._database.write() as connection:
            due = await _due(connection, now, limit)
            now = await after_counting(connection, now)
            return await birth(connection, await groups_of(connection, due, now), now)

    async def expand_trials(self, now: datetime) -> int:
        """Give the permits with a staff phone their current step; how many got one."""
        async with self._database.read() as connection:
            if not await staff_permits(connection, now):
                return 0
        async with self._database.write() as connection:
            joined = await staff_permits(connection, now)
            now = await after_counting(connection, now)
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
    found: dict[GroupKey, list[Any]] = {key: [] for key in keys}
    asked = of_groups(connection, found) | {"now": now, "state": state}
    rows = await _THEIR_SLOTS.of(connection, asked)
    for row in sorted(rows, key=attrgetter("due_at")):
        found[row.series, row.authority, row.expires_on].append(row)
    return [_group(rows) for rows in found.values() if rows]


_NEEDED = (
    *(slots.c.rule, *GROUP, slots.c.version_id),
    *(slots.c.step, slots.c.due_at, slots.c.until_at, slots.c.closes_at),
    *(slots.c.template, slots.c.replaces, slots.c.expanded_at, slots.c.redated_at),
    *(golives.c.live_from, golives.c.catch_up_days),
)


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
            "closes_at": slot.closes_at,
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
    connection: AsyncConnection, keys: Collection[GroupKey], now: datetime
) -> None:
    """Slots expanded in what is the future again are expanded anew when due.

    A clock was set back: whoever joins these groups now was not there.
    """
    taken = (
        update(slots)
        .where(IN_GROUPS, slots.c.due_at > now, slots.c.expanded_at.is_not(None))
        .values(expanded_at=None)
    )
    await connection.execute(taken, of_groups(connection, keys))


async def birth(
    connection: AsyncConnection, groups: Iterable[DueGroup], now: datetime
) -> int:
    """Give birth to the reminders of groups; how many. Their slots are expanded.

    Groups whose births are alike get them in one statement.
    """
    fresh = defaultdict[Alike, list[tuple[DueGroup, Slot]]](list)
    for group in groups:
        for row in group.births(now).rows:
            if row.slot.step in group.unexpanded:
                fresh[Alike.of(row)].append((group, row.slot))
    return sum(
        [await _birth(connection, births, of, now) for births, of in fresh.items()]
    )


async def _birth(
    connection: AsyncConnection,
    births: Alike,
    of: Sequence[tuple[DueGroup, Slot]],
    now: datetime,
) -> int:
    groups = of_groups(connection, [key_of(group) for group, _ in of])
    if births.state is ReminderState.DUE:
        await _make_room(connection, births.step, groups, of, now)
    born = await bear(connection, births, groups, now)
    mine = IN_GROUPS, slots.c.step == births.step
    expanded = update(slots).where(*mine).values(expanded_at=now)
    await connection.execute(expanded, groups)
    return born


async def _make_room(
    connection: AsyncConnection,
    step: str,
    groups: Named,
    of: Sequence[tuple[DueGroup, Slot]],
    now: datetime,
) -> None:
    """Reopen what ended in this step, and end what is due in earlier ones.

    Where nobody had a reminder yet, as mostly, there is nothing of that.
    """
    had = await _which(connection, groups, step)
    if not had:
        return
    known = {key_of(group): (group, slot) for group, slot in of}
    theirs = of_groups(connection, had)
    closed = reminders.c.step == step, MAY_REOPEN
    for key in await _which(connection, theirs, step, *closed):
        group, slot = known[key]
        await reopen(connection, group, slot, _of_group(group), now)
    await supersede(connection, step, theirs, now)


async def _which(
    connection: AsyncConnection,
    groups: Named,
    step: str,
    *where: ColumnElement[bool],
) -> list[GroupKey]:
    """Those of the groups with a step in which some permit has such a reminder."""
    theirs = exists().where(
        same_group(permits.c, slots.c),
        reminders.c.permit_id == permits.c.id,
        reminders.c.expires_on == permits.c.expires_on,
        *where,
    )
    wanted = select(*GROUP).where(IN_GROUPS, slots.c.step == step, theirs)
    rows = await connection.execute(wanted, groups)
    return [(row[0], row[1], row[2]) for row in rows]


def _of_group(group: DueGroup) -> ColumnElement[bool]:
    members = select(permits.c.id).where(same_group(permits.c, group))
    return reminders.c.permit_id.in_(members)


def slot_of(row: Any) -> Slot:  # noqa: ANN401 - a Row of many columns
    """A slot as it is stored."""
    replaces = tuple(row.replaces.split(",")) if row.replaces else ()
    dates = row.due_at, row.until_at, row.closes_at
    return Slot(row.step, *dates, row.template, replaces)


def _started(now: Any, state: Any) -> ColumnElement[bool]:  # noqa: ANN401 - values
    return and_(
        golives.c.authority == slots.c.authority,
        golives.c.rule == slots.c.rule,
        golives.c.state == state,
        golives.c.live_from <= now,
    )


def _group(rows: Sequence[Any]) -> DueGroup:
    first = rows[0]
    return DueGroup(
        rule=first.rule,
        series=first.series,
        version=first.version_id,
        authority=first.authority,
        expires_on=first.expires_on,
        slots=tuple(map(slot_of, rows)),
        unexpanded=frozenset(row.step for row in rows if row.expanded_at is None),
        redated=frozenset(row.step for row in rows if row.redated_at is not None),
        live_from=first.live_from,
        catch_up=first.catch_up_days > 0,
    )


_THEIR_SLOTS = Gathered(
    select(*_NEEDED)
    .join_from(
        slots,
        golives,
        _started(
            bindparam("now", type_=golives.c.live_from.type),
            bindparam("state", type_=golives.c.state.type),
        ),
    )
    .where(IN_GROUPS)
)
