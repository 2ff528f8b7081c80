"""A clock that is set back: what it had missed while it ran ahead is not lost."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, literal, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import get_instant_fact, set_instant_fact
from service.adapters.store.db.schema import (
    OPEN_MESSAGE,
    UNCONFIRMED_MESSAGE,
    messages,
    reminders,
    slots,
)
from service.adapters.store.db.types import database_now, database_now_plus
from service.domain.delivery.retry import LONGEST_BACK_OFF
from service.domain.delivery.status import CLAIMABLE

CLOCK_FACT: Final = "clock"
"""The fact that says what time it was when slots were looked at last."""

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""So far two clocks may be apart; so often the time is written down."""

_LONGEST_LEASE: Final = 3600.0
_SEARCH_FROM_SECONDS: Final = -3 * 86400.0
"""Seconds from now: until when at the latest what was claimed at a time that is yet to
come may be POSTed, and since when it may have been."""


async def clock_recorded_at(connection: AsyncConnection) -> datetime | None:
    """When slots were looked at last, to a minute; None: never."""
    return await get_instant_fact(connection, CLOCK_FACT)


def is_clock_stale(recorded_at: datetime | None, now: datetime) -> bool:
    """Whether the time is to be written down."""
    return recorded_at is None or abs(now - recorded_at) >= CLOCK_TOLERANCE


async def record_clock(connection: AsyncConnection, now: datetime) -> None:
    """Write down the time; where it was later before, look at everything anew."""
    seen = await clock_recorded_at(connection)
    if seen is not None and now < seen:
        await _reset_after_setback(connection, now)
    await set_instant_fact(connection, CLOCK_FACT, now)


async def _reset_after_setback(connection: AsyncConnection, now: datetime) -> None:
    """Let slots that are not over expand again, and what waits be looked at again.

    To whom their step was missed it becomes due, to everybody else nothing happens.
    """
    again = slots.c.until_at > now, slots.c.expanded_at.is_not(None)
    await connection.execute(update(slots).where(*again).values(expanded_at=None))
    put_off = reminders.c.hold_reason.is_not(None) | reminders.c.message_id.is_not(None)
    waiting = reminders.c.state.in_(CLAIMABLE), reminders.c.next_at > now
    await connection.execute(
        update(reminders)
        .where(*waiting, put_off)
        .values(next_at=case((reminders.c.due_at > now, reminders.c.due_at), else_=now))
    )
    await _reset_database_instants(connection)
    unheard = update(messages).where(text(UNCONFIRMED_MESSAGE), messages.c.ask_at > now)
    await connection.execute(unheard.values(ask_at=None))


async def _reset_database_instants(connection: AsyncConnection) -> None:
    """Where it ran ahead as well, nothing waits until then, or is sought from then on.

    A text made before it was claimed would not be found, and sent again.
    """
    at_the_latest = database_now_plus(literal(LONGEST_BACK_OFF))
    backing_off = reminders.c.state.in_(CLAIMABLE), reminders.c.retry_at > at_the_latest
    await connection.execute(
        update(reminders).where(*backing_off).values(retry_at=None)
    )
    ahead = text(f"messages.{OPEN_MESSAGE}"), messages.c.posted_after > database_now()
    await connection.execute(
        update(messages)
        .where(*ahead)
        .values(
            posted_after=database_now_plus(literal(_SEARCH_FROM_SECONDS)),
            lease_until=database_now_plus(literal(_LONGEST_LEASE)),
            absent_at=None,
        )
    )
