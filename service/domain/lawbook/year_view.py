"""The days of one year that are not as the week has them, and who says so."""

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

    `own`: the office's rows say so.
    """

    day: date
    kind: SpecialDayKind
    name: str
    own: bool


@dataclass(frozen=True, slots=True)
class YearView:
    """A year of a calendar.

    `published`: its notice is out, or it needs none; else days that it may still take
    off are told too, though not which weekend days it may have worked. `own` are the
    office's rows as they were loaded.
    """

    calendar: str
    year: int
    published: bool
    covered_until: date | None
    days: tuple[SpecialDay, ...]
    office_year: CalendarYear | None


def view_year(law: Law, calendar: str, year: int) -> YearView:
    """Look up a year; raises `UnknownError` for a calendar."""
    known = law.calendar(calendar)
    rows = [one for one in law.office_years if one.calendar == calendar]
    owned = {day for one in rows for day in (*one.off, *one.worked)}
    days = [
        SpecialDay(day, kind, name, own=day in owned)
        for day, kind, name in sorted(_special_days(known))
        if day.year == year
    ]
    return YearView(
        calendar=calendar,
        year=year,
        published=known.covers(last_day_of_notice(year)),
        covered_until=known.covered_until,
        days=tuple(days),
        office_year=next((one for one in rows if one.year == year), None),
    )


def _special_days(calendar: Calendar) -> Iterator[tuple[date, SpecialDayKind, str]]:
    grounds = calendar.data
    for day, name in grounds.off.items():
        if day not in grounds.worked:
            yield day, "off", name
    for day, name in grounds.maybe_off.items():
        if day not in grounds.off:
            yield day, "perhaps off", name.removeprefix("perhaps ")
    for day in grounds.worked:
        yield day, "worked", ""
