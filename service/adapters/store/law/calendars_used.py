"""Which calendars dated the permits: a later release of holidays may know more."""

from collections.abc import Mapping
from datetime import date

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import get_fact, set_fact
from service.adapters.store.law.digest import CALENDARS_FACT
from service.domain.calendars.calendar import Calendar, fingerprint


async def record_calendars_used(
    connection: AsyncConnection, calendars: Mapping[str, Calendar]
) -> None:
    """Store, for each calendar, its fingerprint and the day until which it is known."""
    used = {
        code: [fingerprint(one), str(one.covered_until or "")]
        for code, one in calendars.items()
    }
    await set_fact(connection, CALENDARS_FACT, orjson.dumps(used).decode())


async def outdated_calendars(
    connection: AsyncConnection, calendars: Mapping[str, Calendar]
) -> dict[str, date | None] | None:
    """The day until which each calendar was known then; None if none has changed.

    Empty if no permits have been dated yet.
    """
    text = await get_fact(connection, CALENDARS_FACT)
    if text is None:
        return {}
    used = orjson.loads(text)
    if all(
        code in used and used[code][0] == fingerprint(one)
        for code, one in calendars.items()
    ):
        return None
    return {
        code: date.fromisoformat(until) if until else None
        for code, (_, until) in used.items()
    }
