"""How many reminders are expected on which local day, as the registers stand."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.reports.period import ReportPeriod


@dataclass(frozen=True, slots=True)
class DueCount:
    """So many reminders of a permit type that come at an instant.

    Fewer than none where some of those that are counted there come at another.
    """

    rule: str
    due_at: datetime
    reminders: int


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """The reminders of one local day, by permit type; types without any are left out.

    `day` is whole: what fell due earlier today is in today's.
    """

    day: date
    rules: Mapping[str, int]

    @property
    def reminders(self) -> int:
        """All of the day."""
        return sum(self.rules.values())

    def public_fields(self) -> dict[str, object]:
        """The day under its public names."""
        return {
            "day": str(self.day),
            "reminders": self.reminders,
            "rules": dict(self.rules),
        }


def forecast_by_day(
    counts: Iterable[DueCount], days: ReportPeriod
) -> list[ExpectedDay]:
    """Lay reminders on the days of a period; what is overdue comes on the first."""
    counted = {day: Counter[str]() for day in days.days}
    for one in counts:
        day = max(one.due_at.astimezone(days.zone).date(), days.first_on)
        counted[day][one.rule] += one.reminders
    return [
        ExpectedDay(day, dict(sorted((+of).items()))) for day, of in counted.items()
    ]
