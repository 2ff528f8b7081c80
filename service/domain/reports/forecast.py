"""The forecast: reminders expected on each local day, by the registers of today."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.reports.period import ReportPeriod


@dataclass(frozen=True, slots=True)
class DueCount:
    """A number of reminders of a permit type that go out at an instant.

    Negative for reminders that another count includes and that go out at another time.
    """

    rule: str
    due_at: datetime
    reminders: int


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """The reminders of one whole local day, by rule; rules without any are left out.

    Today includes the reminders that fell due earlier today.
    """

    day: date
    rules: Mapping[str, int]

    @property
    def reminders(self) -> int:
        """The reminders of all rules."""
        return sum(self.rules.values())

    def public_fields(self) -> dict[str, object]:
        """The fields of the public JSON."""
        return {
            "day": str(self.day),
            "reminders": self.reminders,
            "rules": dict(self.rules),
        }


def forecast_by_day(
    counts: Iterable[DueCount], days: ReportPeriod
) -> list[ExpectedDay]:
    """Add up reminders by the days of a period; overdue ones count on the first day."""
    by_day = {day: Counter[str]() for day in days.days}
    for count in counts:
        day = max(count.due_at.astimezone(days.zone).date(), days.first_on)
        by_day[day][count.rule] += count.reminders
    return [
        ExpectedDay(day, dict(sorted((+by_rule).items())))
        for day, by_rule in by_day.items()
    ]
