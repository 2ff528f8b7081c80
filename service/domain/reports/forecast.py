"""How many reminders are expected on which local day, as the registers stand."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.reports.period import ReportPeriod


@dataclass(frozen=True, slots=True)
class Falling:
    """So many reminders of a permit type that come at an instant.

    Fewer than none where some of those that are counted there come at another.
    """

    rule: str
    at: datetime
    reminders: int


@dataclass(frozen=True, slots=True)
class Expected:
    """The reminders of one local day, by permit type; types without any are left out.

    `day` is whole: what fell due earlier today is in today's.
    """

    day: date
    rules: Mapping[str, int]

    @property
    def reminders(self) -> int:
        """All of the day."""
        return sum(self.rules.values())

    def told(self) -> dict[str, object]:
        """The day under its public names."""
        return {
            "day": str(self.day),
            "reminders": self.reminders,
            "rules": dict(self.rules),
        }


def by_day(found: Iterable[Falling], days: ReportPeriod) -> list[Expected]:
    """Lay reminders on the days of a period; what is overdue comes on the first."""
    counted = {day: Counter[str]() for day in days.each}
    for one in found:
        day = max(one.at.astimezone(days.zone).date(), days.first_on)
        counted[day][one.rule] += one.reminders
    return [Expected(day, dict(sorted((+of).items()))) for day, of in counted.items()]
