"""Forecasts stored for the volume guard, and how far it has counted and checked."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import get_instant_fact, set_instant_fact
from service.adapters.store.db.schema import authorities, forecasts

GUARD_CHECKED_FACT: Final = "volume looked at"
"""Key of the fact until when the guard has checked reminders."""

GUARD_COUNTED_FACT: Final = "volume counted"
"""Key of the fact until when the guard has counted reminders: it checks them next."""

_LONGEST_LOCK_WAIT: Final = timedelta(minutes=1)
"""Longer than a transaction waits for another. A larger gap: the clock was set back."""

_ONE_MICROSECOND: Final = timedelta(microseconds=1)
"""The resolution of stored instants."""

_ONE_DAY: Final = timedelta(days=1)
"""An office's day may begin this much before the same day in UTC."""


async def discard_forecasts(connection: AsyncConnection, now: datetime) -> None:
    """Delete the forecasts from today on, because an approved act changes them.

    Days that a person confirmed stay. All that is due by now counts as checked.
    """
    await connection.execute(
        delete(forecasts).where(
            forecasts.c.day >= (now - _ONE_DAY).date(),
            forecasts.c.confirmed_by.is_(None),
        )
    )
    await record_checked_until(connection, now)


async def instant_after_count(connection: AsyncConnection, now: datetime) -> datetime:
    """The instant at which this transaction creates reminders: after the last count.

    The transaction may have begun before the guard counted, and waited for it. Its
    reminders are not counted, so they must not look older than the count.
    """
    counted = await counted_until(connection)
    if counted is not None and now <= counted < now + _LONGEST_LOCK_WAIT:
        return counted + _ONE_MICROSECOND
    return now


async def record_counted_until(
    connection: AsyncConnection, newest: datetime | None, now: datetime
) -> datetime:
    """Store until when reminders are counted, the `newest` included; the instant."""
    until = now
    if newest is not None and now < newest < now + _LONGEST_LOCK_WAIT:
        until = newest
    await set_instant_fact(connection, GUARD_COUNTED_FACT, until)
    return until


async def confirm_day(
    connection: AsyncConnection, office: str, by: str, now: datetime
) -> date:
    """Allow more reminders than an office expected for today; its local date."""
    zone = authorities.c.document["zone"].as_string()
    wanted = select(zone).where(authorities.c.code == office)
    zone_name = (await connection.execute(wanted)).scalar_one()
    today = now.astimezone(ZoneInfo(zone_name)).date()
    await connection.execute(
        update(forecasts)
        .where(forecasts.c.office == office, forecasts.c.day == today)
        .values(confirmed_by=by)
    )
    return today


async def record_checked_until(connection: AsyncConnection, now: datetime) -> None:
    """Store until when the guard has checked reminders."""
    await set_instant_fact(connection, GUARD_CHECKED_FACT, now)


async def checked_until(connection: AsyncConnection) -> datetime | None:
    """Until when the guard has checked reminders; None before the first time."""
    return await get_instant_fact(connection, GUARD_CHECKED_FACT)


async def counted_until(connection: AsyncConnection) -> datetime | None:
    """Until when the guard has counted reminders; None before the first time."""
    return await get_instant_fact(connection, GUARD_COUNTED_FACT)
