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
from service.adapters.store.slots.births import BirthKind, create_reminders, supersede
from service.adapters.store.slots.clock_set_back import (
    clock_recorded_at,
    is_clock_stale,
    record_clock,
)
from service.adapters.store.slots.frozen_forecasts import instant_after_count
from service.adapters.store.slots.group_key import (
    SLOT_GROUP_COLUMNS,
    SLOT_IN_GROUPS,
    GroupKey,
    GroupParams,
    group_key,
    group_params,
    same_group,
)
from service.adapters.store.slots.trial import (
    create_trial_reminders,
    find_trial_permits,
)
from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import ReminderState
from service.domain.go_live.go_live import GoLiveState
from service.domain.reminders.births import DueGroup
from service.flow.permits.register import DatedPermit


class SqlExpandStore:
    """`ExpandStore` on the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handle_clock_set_back(self, now: datetime) -> None:
        """Notice a clock that was set back: what it had missed is expanded anew."""
        async with self._database.read() as connection:
            if not is_clock_stale(await clock_recorded_at(connection), now):
                return
        async with self._database.write() as connection:
            await record_clock(connection, now)

    async def expand(self, now: datetime, limit: int) -> int | None:
        """Give birth to the reminders of some groups in one transaction; how many."""
        async with self._database.read() as connection:
            if not await _due_group_keys(connection, now, limit=1):
                return None
        async with self._database.write() as connection:
            due = await _due_group_keys(connection, now, limit)
            now = await instant_after_count(connection, now)
            return await expand_groups(
                connection, await load_due_groups(connection, due, now), now
            )

    async def expand_trials(self, now: datetime) -> int:
        """Give the permits with a staff phone their current step; how many got one."""
        async with self._database.read() as connection:
            if not await find_trial_permits(connection, now):
                return 0
        async with self._database.write() as connection:
            joined = await find_trial_permits(connection, now)
            now = await instant_after_count(connection, now)
            groups = await load_due_groups(connection, joined, now, state="trial")
            return sum(
                [
                    await create_trial_reminders(
                        connection, group, joined[group_key(group)], now
                    )
                    for group in groups
                ]
            )


async def _due_group_keys(
    connection: AsyncConnection, now: datetime, limit: int
) -> list[GroupKey]:
    """The live groups with a slot due at `now` and not expanded, oldest first."""
    due = (
        select(*SLOT_GROUP_COLUMNS)
        .join_from(slots, golives, _is_started(now, "live"))
        .where(slots.c.expanded_at.is_(None), slots.c.due_at <= now)
        .order_by(slots.c.due_at)
        .limit(limit)
    )
    rows = await connection.execute(due)
    return [*dict.fromkeys((row[0], row[1], row[2]) for row in rows)]


async def load_due_groups(
    connection: AsyncConnection,
    keys: Iterable[GroupKey],
    now: datetime,
    state: GoLiveState = "live",
) -> list[DueGroup]:
    """The groups of these keys that are live, or on trial, with all their slots."""
    found: dict[GroupKey, list[Any]] = {key: [] for key in keys}
    asked = group_params(connection, found) | {"now": now, "state": state}
    rows = await _THEIR_SLOTS.of(connection, asked)
    for row in sorted(rows, key=attrgetter("due_at")):
        found[row.series, row.authority, row.expires_on].append(row)
    return [_group(rows) for rows in found.values() if rows]


_NEEDED = (
    *(slots.c.rule, *SLOT_GROUP_COLUMNS, slots.c.version_id),
    *(slots.c.step, slots.c.due_at, slots.c.until_at, slots.c.closes_at),
    *(slots.c.template, slots.c.replaces, slots.c.expanded_at, slots.c.redated_at),
    *(golives.c.live_from, golives.c.catch_up_days),
)


async def insert_missing_slots(
    connection: AsyncConnection, entries: Sequence[DatedPermit]
) -> None:
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


async def unexpand_future_slots(
    connection: AsyncConnection, keys: Collection[GroupKey], now: datetime
) -> None:
    """Slots expanded in what is the future again are expanded anew when due.

    A clock was set back: whoever joins these groups now was not there.
    """
    taken = (
        update(slots)
        .where(SLOT_IN_GROUPS, slots.c.due_at > now, slots.c.expanded_at.is_not(None))
        .values(expanded_at=None)
    )
    await connection.execute(taken, group_params(connection, keys))


async def expand_groups(
    connection: AsyncConnection, groups: Iterable[DueGroup], now: datetime
) -> int:
    """Give birth to the reminders of groups; how many. Their slots are expanded.

    Groups whose births are alike get them in one statement.
    """
    fresh = defaultdict[BirthKind, list[tuple[DueGroup, Slot]]](list)
    for group in groups:
        for row in group.plan_births(now).rows:
            if row.slot.step in group.unexpanded_steps:
                fresh[BirthKind.of(row)].append((group, row.slot))
    return sum(
        [
            await _expand_alike(connection, births, of, now)
            for births, of in fresh.items()
        ]
    )


async def _expand_alike(
    connection: AsyncConnection,
    kind: BirthKind,
    members: Sequence[tuple[DueGroup, Slot]],
    now: datetime,
) -> int:
    groups = group_params(connection, [group_key(group) for group, _ in members])
    if kind.state is ReminderState.DUE:
        await _reopen_and_supersede(connection, kind.step, groups, members, now)
    born = await create_reminders(connection, kind, groups, now)
    mine = SLOT_IN_GROUPS, slots.c.step == kind.step
    expanded = update(slots).where(*mine).values(expanded_at=now)
    await connection.execute(expanded, groups)
    return born


async def _reopen_and_supersede(
    connection: AsyncConnection,
    step: str,
    groups: GroupParams,
    members: Sequence[tuple[DueGroup, Slot]],
    now: datetime,
) -> None:
    """Reopen what ended in this step, and end what is due in earlier ones.

    Where nobody had a reminder yet, as mostly, there is nothing of that.
    """
    had = await _groups_with_reminder(connection, groups, step)
    if not had:
        return
    known = {group_key(group): (group, slot) for group, slot in members}
    theirs = group_params(connection, had)
    closed = reminders.c.step == step, MAY_REOPEN
    for key in await _groups_with_reminder(connection, theirs, step, *closed):
        group, slot = known[key]
        await reopen(connection, group, slot, _reminders_of_group(group), now)
    await supersede(connection, step, theirs, now)


async def _groups_with_reminder(
    connection: AsyncConnection,
    groups: GroupParams,
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
    wanted = select(*SLOT_GROUP_COLUMNS).where(
        SLOT_IN_GROUPS, slots.c.step == step, theirs
    )
    rows = await connection.execute(wanted, groups)
    return [(row[0], row[1], row[2]) for row in rows]


def _reminders_of_group(group: DueGroup) -> ColumnElement[bool]:
    members = select(permits.c.id).where(same_group(permits.c, group))
    return reminders.c.permit_id.in_(members)


def slot_of(row: Any) -> Slot:  # noqa: ANN401 - a Row of many columns
    """A slot as it is stored."""
    replaces = tuple(row.replaces.split(",")) if row.replaces else ()
    dates = row.due_at, row.until_at, row.closes_at
    return Slot(row.step, *dates, row.template, replaces)


def _is_started(now: Any, state: Any) -> ColumnElement[bool]:  # noqa: ANN401 - values
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
        unexpanded_steps=frozenset(row.step for row in rows if row.expanded_at is None),
        redated_steps=frozenset(row.step for row in rows if row.redated_at is not None),
        live_from=first.live_from,
        catch_up=first.catch_up_days > 0,
    )


_THEIR_SLOTS = Gathered(
    select(*_NEEDED)
    .join_from(
        slots,
        golives,
        _is_started(
            bindparam("now", type_=golives.c.live_from.type),
            bindparam("state", type_=golives.c.state.type),
        ),
    )
    .where(SLOT_IN_GROUPS)
)
