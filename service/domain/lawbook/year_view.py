"""The days of one year that differ from the normal week: holidays, make-up workdays."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear, last_day_of_notice
from service.domain.lawbook.law import Law

SpecialDayKind = Literal["off", "perhaps off", "worked"]


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day off with its name, or a weekend day that is worked (调休).

    `own`: it comes from the office's own rows.
    """

    day: date
    kind: SpecialDayKind
    name: str
    own: bool


@dataclass(frozen=True, slots=True)
class YearView:
    """The special days of a year.

    `published`: its notice is published, or the calendar needs none. Otherwise `days`
    has the days that the notice may take off as "perhaps off", but not the weekend days
    that it may make workdays. `office_year` has the office's rows as they were loaded.
    """

    calendar: str
    year: int
    published: bool
    covered_until: date | None
    days: tuple[SpecialDay, ...]
    office_year: CalendarYear | None


def view_year(law: Law, calendar: str, year: int) -> YearView:
    """List the special days of a year; raises `UnknownError` for a calendar."""
    loaded = law.calendar(calendar)
    rows = [one for one in law.office_years if one.calendar == calendar]
    own_days = {day for one in rows for day in (*one.off, *one.worked)}
    days = [
        SpecialDay(day, kind, name, own=day in own_days)
        for day, kind, name in sorted(_special_days(loaded))
        if day.year == year
    ]
    return YearView(
        calendar=calendar,
        year=year,
        published=loaded.covers(last_day_of_notice(year)),
        covered_until=loaded.covered_until,
        days=tuple(days),
        office_year=next((one for one in rows if one.year == year), None),
    )


def _special_days(calendar: Calendar) -> Iterator[tuple[date, SpecialDayKind, str]]:
    data = calendar.data
    for day, name in data.off.items():
        if day not in data.worked:
            yield day, "off", name
    for day, name in data.maybe_off.items():
        if day not in data.off:
            yield day, "perhaps off", name.removeprefix("perhaps ")
    for day in data.worked:
        yield day, "worked", ""
