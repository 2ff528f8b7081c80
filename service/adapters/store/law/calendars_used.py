"""By which calendars permits were dated: they may say more after an update."""

from collections.abc import Mapping
from datetime import date

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import fact, keep
from service.adapters.store.law.load import SEEN
from service.domain.calendars.calendar import Calendar, fingerprint


async def keep_seen(
    connection: AsyncConnection, calendars: Mapping[str, Calendar]
) -> None:
    """Write down what the calendars say now."""
    told = {
        code: [fingerprint(one), str(one.covered_until or "")]
        for code, one in calendars.items()
    }
    await keep(connection, SEEN, orjson.dumps(told).decode())


async def seen(
    connection: AsyncConnection, calendars: Mapping[str, Calendar]
) -> dict[str, date | None] | None:
    """Until when each calendar was covered then; None where all say the same still."""
    text = await fact(connection, SEEN)
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
