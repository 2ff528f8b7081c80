"""The days of one year that are not as the week has them, and who says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear, covered_until
from service.domain.lawbook.law import Law

Kind = Literal["off", "perhaps off", "worked"]


@dataclass(frozen=True, slots=True)
class AlmanacDay:
    """A day off with its name, or a weekend day that is worked (调休).

    `own`: the office's rows say so.
    """

    day: date
    kind: Kind
    name: str
    own: bool


@dataclass(frozen=True, slots=True)
class Almanac:
    """A year of a calendar.

    `published`: its notice is out, or it needs none; else days that it may still take
    off are told too, though not which weekend days it may have worked. `own` are the
    office's rows as they were loaded.
    """

    calendar: str
    year: int
    published: bool
    covered_until: date | None
    days: tuple[AlmanacDay, ...]
    own: CalendarYear | None


def almanac(law: Law, calendar: str, year: int) -> Almanac:
    """Look up a year; raises `UnknownError` for a calendar."""
    known = law.calendar(calendar)
    rows = [one for one in law.years if one.calendar == calendar]
    owned = {day for one in rows for day in (*one.off, *one.worked)}
    days = [
        AlmanacDay(day, kind, name, own=day in owned)
        for day, kind, name in sorted(_days(known))
        if day.year == year
    ]
    return Almanac(
        calendar=calendar,
        year=year,
        published=known.covers(covered_until(year)),
        covered_until=known.covered_until,
        days=tuple(days),
        own=next((one for one in rows if one.year == year), None),
    )


def _days(known: Calendar) -> Iterator[tuple[date, Kind, str]]:
    grounds = known.grounds
    for day, name in grounds.off.items():
        if day not in grounds.worked:
            yield day, "off", name
    for day, name in grounds.maybe_off.items():
        if day not in grounds.off:
            yield day, "perhaps off", name.removeprefix("perhaps ")
    for day in grounds.worked:
        yield day, "worked", ""
