"""How many reminders come on which day, as the registers stand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority
from service.domain.reports.forecast import DueCount, ExpectedDay, forecast_by_day
from service.domain.reports.period import ReportPeriod, period_between
from service.flow.ports import Clock, LawStore

DEFAULT_DAYS: Final = 14
"""How far a forecast looks ahead, where nobody says."""

MAX_DAYS: Final = 90
"""Beyond that registers will have changed too much for a forecast by day."""


class ForecastStore(Protocol):
    """Counting what is to come."""

    async def count_due(
        self, days: ReportPeriod, authorities: Sequence[str]
    ) -> list[DueCount]:
        """What falls due on some days, and what is due already and waits for them."""


async def forecast_reminders(
    office: Authority,
    days: int,
    law_store: LawStore,
    store: ForecastStore,
    clock: Clock,
) -> list[ExpectedDay]:
    """Foretell the reminders of an office and all below it, from today on.

    Days are those of the office's zone, each in the list. Raises `InvalidError` for
    none, or more than `MOST`.
    """
    if not 1 <= days <= MAX_DAYS:
        expected = f"a number of days from 1 to {MAX_DAYS}"
        raise InvalidError("forecast", [Mistake("days", str(days), expected)])
    today = clock.now().astimezone(office.zone).date()
    span = period_between(today, today + timedelta(days=days - 1), office.zone)
    law = await law_store.current_law()
    return forecast_by_day(await store.count_due(span, law.subtree(office.code)), span)
