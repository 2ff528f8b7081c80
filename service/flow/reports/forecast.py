"""How many reminders come on which day, as the registers stand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority
from service.domain.reports.forecast import Expected, Falling, by_day
from service.domain.reports.period import ReportPeriod, between
from service.flow.ports import Clock, LawStore

DAYS: Final = 14
"""How far a forecast looks ahead, where nobody says."""

MOST: Final = 90
"""Beyond that registers will have changed too much for a forecast by day."""


class ForecastStore(Protocol):
    """Counting what is to come."""

    async def falling(
        self, days: ReportPeriod, authorities: Sequence[str]
    ) -> list[Falling]:
        """What falls due on some days, and what is due already and waits for them."""


async def forecast(
    office: Authority, days: int, laws: LawStore, store: ForecastStore, clock: Clock
) -> list[Expected]:
    """Foretell the reminders of an office and all below it, from today on.

    Days are those of the office's zone, each in the list. Raises `InvalidError` for
    none, or more than `MOST`.
    """
    if not 1 <= days <= MOST:
        expected = f"a number of days from 1 to {MOST}"
        raise InvalidError("forecast", [Mistake("days", str(days), expected)])
    today = clock.now().astimezone(office.zone).date()
    span = between(today, today + timedelta(days=days - 1), office.zone)
    law = await laws.law()
    return by_day(await store.falling(span, law.below(office.code)), span)
