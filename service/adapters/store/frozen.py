"""Forecasts written down for the volume guard: confirmed by people, renewed by acts."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.schema import authorities, facts, forecasts
from service.adapters.store.upsert import insert_into

LOOKED: Final = "volume looked at"

_A_DAY: Final = timedelta(days=1)
"""Today has begun somewhere a day before it has here."""


async def renew(connection: AsyncConnection, now: datetime) -> None:
    """Forget what was expected from today on: an approved act expects something else.

    What a person has confirmed stays. All that is due by now has been approved.
    """
    await connection.execute(
        delete(forecasts).where(
            forecasts.c.day >= (now - _A_DAY).date(), forecasts.c.confirmed_by.is_(None)
        )
    )
    await keep_looked(connection, now)


async def confirm(
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


async def keep_looked(connection: AsyncConnection, now: datetime) -> None:
    """Write down until when the guard has looked."""
    values = {"value": now.isoformat()}
    await connection.execute(
        insert_into(connection, facts)
        .values(key=LOOKED, **values)
        .on_conflict_do_update(index_elements=["key"], set_=values)
    )


async def looked(connection: AsyncConnection) -> datetime | None:
    """Until when the guard has looked; None where it never did."""
    wanted = select(facts.c.value).where(facts.c.key == LOOKED)
    found = (await connection.execute(wanted)).scalar()
    return datetime.fromisoformat(found) if found else None
