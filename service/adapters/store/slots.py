"""Slots: kept once per (version, authority, expiry date, step), expanded when due."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Row, and_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.born import bear, supersede
from service.adapters.store.database import Database
from service.adapters.store.moves import in_pieces
from service.adapters.store.reopened import reopen
from service.adapters.store.schema import golives, reminders, slots
from service.adapters.store.upsert import insert_into
from service.domain.births import Births
from service.domain.schedule import Slot
from service.domain.status import ReminderState
from service.flow.rows import DueGroup, Entry

GROUP = (slots.c.version_id, slots.c.authority, slots.c.expires_on)

GroupKey = tuple[str, str, date]


class SlotStore:
    """`ExpandStore` on the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due_groups(self, now: datetime, limit: int) -> list[DueGroup]:
        """Live groups with a slot due at `now` and not expanded, oldest first."""
        due = (
            select(*GROUP)
            .join_from(slots, golives, _live(now))
            .where(slots.c.expanded_at.is_(None), slots.c.due_at <= now)
            .order_by(slots.c.due_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(due)).all()
            keys = dict.fromkeys((row[0], row[1], row[2]) for row in rows)
            return await groups_of(connection, keys, now)

    async def expand(
        self, births: Sequence[tuple[DueGroup, Births]], now: datetime
    ) -> int:
        """Give birth to the reminders of some groups in one transaction; how many."""
        async with self._database.write() as connection:
            return sum(
                [await _expand(connection, group, plan, now) for group, plan in births]
            )


async def groups_of(
    connection: AsyncConnection, keys: Iterable[GroupKey], now: datetime
) -> list[DueGroup]:
    """The live groups of these keys, with all their slots."""
    found: dict[GroupKey, list[Row[tuple[object, ...]]]] = {key: [] for key in keys}
    for piece in in_pieces(list(found)):
        wanted = (
            select(slots, golives.c.live_from)
            .join_from(slots, golives, _live(now))
            .where(tuple_(*GROUP).in_(piece))
            .order_by(slots.c.due_at)
        )
        for row in await connection.execute(wanted):
            found[row.version_id, row.authority, row.expires_on].append(row)
    return [_group(rows) for rows in found.values() if rows]


async def insert_missing(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Make the slots of these permits exist."""
    rows = {
        (one.version, one.permit.authority, one.permit.expires_on, slot.step): {
            "version_id": one.version,
            "authority": one.permit.authority,
            "expires_on": one.permit.expires_on,
            "step": slot.step,
            "rule": one.permit.rule,
            "due_at": slot.due_at,
            "until_at": slot.until_at,
            "template": slot.template,
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


async def _expand(
    connection: AsyncConnection, group: DueGroup, plan: Births, now: datetime
) -> int:
    fresh = [row for row in plan.rows if row.slot.step in group.unexpanded]
    for row in fresh:
        if row.state is ReminderState.DUE:
            await reopen(connection, group, row.slot.step, _of_group(group), now)
    born = sum([await bear(connection, group, row, now) for row in fresh])
    if any(row.state is ReminderState.DUE for row in fresh):
        await supersede(connection, group, fresh[-1].slot, now)
    await connection.execute(
        update(slots)
        .where(
            and_(*(a == b for a, b in zip(GROUP, _key(group), strict=True))),
            slots.c.step.in_([row.slot.step for row in fresh]),
        )
        .values(expanded_at=now)
    )
    return born


def _of_group(group: DueGroup) -> ColumnElement[bool]:
    return (reminders.c.version_id == group.version) & (
        reminders.c.authority == group.authority
    )


def _key(group: DueGroup) -> GroupKey:
    return group.version, group.authority, group.expires_on


def _live(now: datetime) -> ColumnElement[bool]:
    return and_(
        golives.c.authority == slots.c.authority,
        golives.c.rule == slots.c.rule,
        golives.c.state == "live",
        golives.c.live_from <= now,
    )


def _group(rows: Sequence[Row[tuple[object, ...]]]) -> DueGroup:
    first = rows[0]
    return DueGroup(
        rule=first.rule,
        version=first.version_id,
        authority=first.authority,
        expires_on=first.expires_on,
        slots=tuple(
            Slot(row.step, row.due_at, row.until_at, row.template) for row in rows
        ),
        unexpanded=frozenset(row.step for row in rows if row.expanded_at is None),
        live_from=first.live_from,
    )
