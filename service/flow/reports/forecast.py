"""The forecast: how many reminders are expected on each of the next days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority
from service.domain.reports.forecast import DueCount, ExpectedDay, forecast_by_day
from service.domain.reports.period import ReportPeriod, period_between
from service.flow.ports import Clock, LawStore

DEFAULT_DAYS: Final = 14
"""Days of a forecast if the request gives no number."""

MAX_DAYS: Final = 90
"""Longest forecast, in days; registers change too much beyond it."""


class ForecastStore(Protocol):
    """Counts reminders to come."""

    async def known_until(self, now: datetime) -> datetime:
        """The instant until which this store knows what happened: `now`, or before."""

    async def count_due(
        self, days: ReportPeriod, authorities: Sequence[str]
    ) -> list[DueCount]:
        """Count reminders that fall due on these days, or are due and wait for them."""


async def forecast_reminders(
    office: Authority,
    days: int,
    law_store: LawStore,
    store: ForecastStore,
    clock: Clock,
) -> list[ExpectedDay]:
    """Forecast the reminders of an office and of all authorities below it.

    Returns one entry for each day from today on, in the office's time zone. Raises
    `InvalidError` for fewer than 1 day or more than `MAX_DAYS`.
    """
    if not 1 <= days <= MAX_DAYS:
        expected = f"a number of days from 1 to {MAX_DAYS}"
        raise InvalidError("forecast", [Mistake("days", str(days), expected)])
    today = clock.now().astimezone(office.zone).date()
    span = period_between(today, today + timedelta(days=days - 1), office.zone)
    law = await law_store.current_law()
    return forecast_by_day(await store.count_due(span, law.subtree(office.code)), span)
