"""Forecasts written down for the volume guard: confirmed by people, renewed by acts."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import get_instant_fact, set_instant_fact
from service.adapters.store.db.schema import authorities, forecasts

GUARD_CHECKED_FACT: Final = "volume looked at"
GUARD_COUNTED_FACT: Final = "volume counted"
"""Until when reminders are counted: they may not have been judged yet."""

_LONGEST_LOCK_WAIT: Final = timedelta(minutes=1)
"""Longer than a transaction waits for another: from then on it is a clock set back."""

_ONE_MICROSECOND: Final = timedelta(microseconds=1)

_ONE_DAY: Final = timedelta(days=1)
"""Today has begun somewhere a day before it has here."""


async def discard_forecasts(connection: AsyncConnection, now: datetime) -> None:
    """Forget what was expected from today on: an approved act expects something else.

    What a person has confirmed stays. All that is due by now has been approved.
    """
    await connection.execute(
        delete(forecasts).where(
            forecasts.c.day >= (now - _ONE_DAY).date(),
            forecasts.c.confirmed_by.is_(None),
        )
    )
    await record_checked_until(connection, now)


async def instant_after_count(connection: AsyncConnection, now: datetime) -> datetime:
    """The instant of what is born in this transaction: after the last count.

    It may have begun before the guard counted, and have waited for it: what it brings
    has not been counted, however early its `now`.
    """
    counted = await counted_until(connection)
    if counted is not None and now <= counted < now + _LONGEST_LOCK_WAIT:
        return counted + _ONE_MICROSECOND
    return now


async def record_counted_until(
    connection: AsyncConnection, newest: datetime | None, now: datetime
) -> datetime:
    """Write down until when is counted, the `newest` included; what comes is later."""
    late = newest is not None and now < newest < now + _LONGEST_LOCK_WAIT
    until = newest if newest is not None and late else now
    await set_instant_fact(connection, GUARD_COUNTED_FACT, until)
    return until


async def confirm_day(
    connection: AsyncConnection, office: str, by: str, now: datetime
) -> date:
    """Let an office's day bring more than was expected; which day it is there."""
    zone = authorities.c.document["zone"].as_string()
    wanted = select(zone).where(authorities.c.code == office)
    known = (await connection.execute(wanted)).scalar_one()
    today = now.astimezone(ZoneInfo(known)).date()
    await connection.execute(
        update(forecasts)
        .where(forecasts.c.office == office, forecasts.c.day == today)
        .values(confirmed_by=by)
    )
    return today


async def record_checked_until(connection: AsyncConnection, now: datetime) -> None:
    """Write down until when the guard has looked."""
    await set_instant_fact(connection, GUARD_CHECKED_FACT, now)


async def checked_until(connection: AsyncConnection) -> datetime | None:
    """Until when the guard has looked; None where it never did."""
    return await get_instant_fact(connection, GUARD_CHECKED_FACT)


async def counted_until(connection: AsyncConnection) -> datetime | None:
    """Until when the guard has counted; None where it never did."""
    return await get_instant_fact(connection, GUARD_COUNTED_FACT)
