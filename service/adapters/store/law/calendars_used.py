"""By which calendars permits were dated: they may say more after an update."""

from collections.abc import Mapping
from datetime import date

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import get_fact, set_fact
from service.adapters.store.law.load import CALENDARS_FACT
from service.domain.calendars.calendar import Calendar, fingerprint


async def record_calendars_used(
    connection: AsyncConnection, calendars: Mapping[str, Calendar]
) -> None:
    """Write down what the calendars say now."""
    told = {
        code: [fingerprint(one), str(one.covered_until or "")]
        for code, one in calendars.items()
    }
    await set_fact(connection, CALENDARS_FACT, orjson.dumps(told).decode())


async def outdated_calendars(
    connection: AsyncConnection, calendars: Mapping[str, Calendar]
) -> dict[str, date | None] | None:
    """Until when each calendar was covered then; None where all say the same still."""
    text = await get_fact(connection, CALENDARS_FACT)
    if text is None:
        return {}
    known = orjson.loads(text)
    if all(
        code in known and known[code][0] == fingerprint(one)
        for code, one in calendars.items()
    ):
        return None
    return {
        code: date.fromisoformat(until) if until else None
        for code, (_, until) in known.items()
    }
