"""`SqlOutlookStore`: what is due now and next, through the indexes of what is due."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import pauses, permits, reminders, slots
from service.adapters.store.reminders.transitions import has_state
from service.adapters.store.slots.due_counts import (
    count_due,
    find_next_slot,
    is_due_between,
    is_overdue_slot,
)
from service.adapters.store.slots.group_key import same_group
from service.domain.delivery.status import CLAIMABLE
from service.domain.reminders.reasons import NO_ROUTE
from service.domain.reports.outlook import NextDue, Outlook
from service.flow.reports.outlook import OutlookStore

_IS_COUNTED_BY_SLOT = exists().where(
    permits.c.id == reminders.c.permit_id,
    same_group(permits.c, slots.c),
    slots.c.step == reminders.c.step,
    slots.c.expanded_at.is_(None),
)
"""Reminders whose slot was moved by a change of the law, and is not expanded again."""

_IS_WAITING = and_(
    reminders.c.hold_reason.is_distinct_from(NO_ROUTE),
    or_(reminders.c.redated_at.is_(None), ~_IS_COUNTED_BY_SLOT),
)
"""All but reminders without a route, and those that are counted by their slots."""

_PAUSED = select(pauses.c.scope).order_by(pauses.c.scope)

_RESOLUTION = timedelta(microseconds=1)
"""Of stored instants."""


class SqlOutlookStore(OutlookStore):
    """Reads reminders, and slots whose reminders are not created yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def outlook(self, now: datetime) -> Outlook:
        """Count the reminders due now, and those of the next instant with any."""
        async with self._database.read() as connection:
            overdue = await count_due(
                connection, is_overdue_slot(now + _RESOLUTION, now)
            )
            waiting = await _count(connection, reminders.c.next_at <= now)
            return Outlook(
                due_now=sum(one.reminders for one in overdue) + waiting,
                next_due=await _next_due(connection, now),
                paused=(await connection.execute(_PAUSED)).scalars().all(),
            )


async def _next_due(connection: AsyncConnection, now: datetime) -> NextDue | None:
    found = [await find_next_slot(connection, now)]
    for state in CLAIMABLE:
        held = (
            select(reminders.c.next_at, reminders.c.authority)
            .where(has_state(state), _IS_WAITING, reminders.c.next_at > now)
            .order_by(reminders.c.next_at, reminders.c.authority)
            .limit(1)
        )
        row = (await connection.execute(held)).one_or_none()
        found.append((row.next_at, row.authority) if row else None)
    at, authority = min(filter(None, found), default=(None, ""))
    if at is None:
        return None
    due = await count_due(
        connection, slots.c.expanded_at.is_(None), is_due_between(at, at + _RESOLUTION)
    )
    waiting = await _count(connection, reminders.c.next_at == at)
    return NextDue(at, authority, sum(one.reminders for one in due) + waiting)


async def _count(connection: AsyncConnection, when: ColumnElement[bool]) -> int:
    counted = 0
    for state in CLAIMABLE:
        wanted = select(func.count()).where(has_state(state), _IS_WAITING, when)
        counted += (await connection.execute(wanted)).scalar_one()
    return counted
