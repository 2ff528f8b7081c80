"""The period of a report: whole local days, and the instants at which they begin."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.domain.calendars.calendar import DAY
from service.domain.errors import InvalidError, Mistake

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_YEARS = range(1950, 2201)


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """Local days `first_on` to `last_on`, both included, in `zone`.

    `starts_at` and `ends_at` are the local midnights around them, in UTC. The period is
    half-open: the next one starts at the instant at which this one ends. A day on which
    the clocks change is an hour shorter or longer.
    """

    label: str
    starts_at: datetime
    ends_at: datetime
    first_on: date
    last_on: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        """The days of the period, in order."""
        return [
            self.first_on + number * DAY
            for number in range((self.last_on - self.first_on).days + 1)
        ]

    @property
    def weekly(self) -> bool:
        """Whether it is an ISO week, Monday to Sunday, labelled like "2024-W05"."""
        return self.label == _week_label(self.first_on)


def parse_iso_week(text: str, zone: ZoneInfo) -> ReportPeriod:
    """Parse an ISO 8601 week such as "2024-W05".

    Raises `InvalidError` with the field "week" for any other form, for a week that the
    year does not have, and for a year before 1950 or after 2200.
    """
    if not (found := _WEEK.fullmatch(text)):
        raise _wrong(Mistake("week", repr(text), "an ISO week such as 2024-W05"))
    year, week = map(int, found.groups())
    if year not in _YEARS:
        expected = f"a week of the years {_YEARS[0]} to {_YEARS[-1]}"
        raise _wrong(Mistake("week", repr(text), expected))
    try:
        return _week_from(date.fromisocalendar(year, week, 1), zone)
    except ValueError:
        expected = f"a week of {year:04}, W01 to W{_weeks_in(year)}"
        raise _wrong(Mistake("week", repr(text), expected)) from None


def period_between(from_on: date, to_on: date, zone: ZoneInfo) -> ReportPeriod:
    """The period from `from_on` to `to_on`, both included.

    Raises `InvalidError` with the field "to" if `to_on` is before `from_on`.
    """
    if to_on < from_on:
        raise _wrong(Mistake("to", str(to_on), f"a day not before {from_on}"))
    return _period(f"{from_on}/{to_on}", from_on, to_on, zone)


def week_of(instant: datetime, zone: ZoneInfo) -> ReportPeriod:
    """The ISO week of an instant, by the local date."""
    day = instant.astimezone(zone).date()
    return _week_from(day - timedelta(days=day.weekday()), zone)


def previous_period(period: ReportPeriod) -> ReportPeriod:
    """The period just before, with as many days."""
    return _shifted(period, -1)


def next_period(period: ReportPeriod) -> ReportPeriod:
    """The period just after, with as many days."""
    return _shifted(period, +1)


def _shifted(period: ReportPeriod, times: int) -> ReportPeriod:
    by = (period.last_on - period.first_on + DAY) * times
    if period.weekly:
        return _week_from(period.first_on + by, period.zone)
    return period_between(period.first_on + by, period.last_on + by, period.zone)


def _week_from(monday: date, zone: ZoneInfo) -> ReportPeriod:
    return _period(_week_label(monday), monday, monday + 6 * DAY, zone)


def _week_label(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year:04}-W{week:02}"


def _weeks_in(year: int) -> int:
    """28 December always lies in the last ISO week of its year."""
    return date(year, 12, 28).isocalendar().week


def _period(label: str, first: date, last: date, zone: ZoneInfo) -> ReportPeriod:
    return ReportPeriod(
        label, _midnight(first, zone), _midnight(last + DAY, zone), first, last, zone
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _wrong(mistake: Mistake) -> InvalidError:
    return InvalidError("report", [mistake])
