"""A clock that was set back: work done at times still to come is done again."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import case, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_alarm
from service.adapters.store.db.facts import get_instant_fact, set_instant_fact
from service.adapters.store.db.schema import (
    UNCONFIRMED_MESSAGE,
    messages,
    reminder_events,
    reminders,
    slots,
)
from service.adapters.store.db.types import database_now_plus
from service.domain.delivery.retry import LONGEST_BACK_OFF
from service.domain.delivery.status import CLAIMABLE

CLOCK_FACT: Final = "clock"
"""Key of the fact that stores when the time was last recorded."""

CLOCK_SET_BACK: Final = "clock set back"
"""The alarm that notes it; the audit must know whose instants are doubtful."""

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""How often the time is recorded, and how far the clocks of two workers may differ."""

_DOUBTFUL_AFTER: Final = timedelta(minutes=10)
"""Longest time that a pass goes on after it recorded the time."""


async def clock_recorded_at(connection: AsyncConnection) -> datetime | None:
    """The time that was recorded last, or None before the first time."""
    return await get_instant_fact(connection, CLOCK_FACT)


def is_clock_stale(recorded_at: datetime | None, now: datetime) -> bool:
    """Whether the time must be recorded again."""
    return recorded_at is None or abs(now - recorded_at) >= CLOCK_TOLERANCE


async def record_clock(connection: AsyncConnection, now: datetime) -> None:
    """Record the time; if it was later before, take back what was done since `now`."""
    recorded_at = await clock_recorded_at(connection)
    if recorded_at is not None and now < recorded_at:
        await _log_setback(connection, recorded_at, now)
        await _reset_after_setback(connection, now)
    await set_instant_fact(connection, CLOCK_FACT, now)


async def _log_setback(
    connection: AsyncConnection, recorded_at: datetime, now: datetime
) -> None:
    """Note from when to when the clock was set back, and the last event before it.

    What was dated between both instants, or soon after, may have been dated before.
    """
    last_event = await connection.execute(select(func.max(reminder_events.c.id)))
    detail = {
        "from": _stored(recorded_at),
        "to": _stored(now),
        "doubtful_until": _stored(recorded_at + _DOUBTFUL_AFTER),
        "last_event": str(last_event.scalar() or 0),
    }
    await log_alarm(connection, CLOCK_SET_BACK, detail, now)


def _stored(instant: datetime) -> str:
    """As instants are stored, so that both are ordered alike."""
    utc = instant.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(" ", "microseconds")


async def _reset_after_setback(connection: AsyncConnection, now: datetime) -> None:
    """Expand slots that are not over again, and let nothing wait for the old clock.

    Reminders that were missed only because the clock ran ahead become due; all others
    stay as they are.
    """
    await connection.execute(
        update(slots)
        .where(slots.c.until_at > now, slots.c.expanded_at.is_not(None))
        .values(expanded_at=None)
    )
    put_off = reminders.c.hold_reason.is_not(None) | reminders.c.message_id.is_not(None)
    await connection.execute(
        update(reminders)
        .where(reminders.c.state.in_(CLAIMABLE), reminders.c.next_at > now, put_off)
        .values(next_at=case((reminders.c.due_at > now, reminders.c.due_at), else_=now))
    )
    await _reset_database_instants(connection)
    await connection.execute(
        update(messages)
        .where(text(UNCONFIRMED_MESSAGE), messages.c.ask_at > now)
        .values(ask_at=None)
    )


async def _reset_database_instants(connection: AsyncConnection) -> None:
    """End waits on the database's clock that began while it ran ahead, too.

    Leases of messages are brought back with each pass, whether anybody noticed or not.
    """
    latest = database_now_plus(literal(LONGEST_BACK_OFF))
    await connection.execute(
        update(reminders)
        .where(reminders.c.state.in_(CLAIMABLE), reminders.c.retry_at > latest)
        .values(retry_at=None)
    )
