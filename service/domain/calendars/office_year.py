"""The office's own days of a year, laid over a calendar.

A notice decides about the days since the one before it: China's State Council takes
Monday 31 December off, and Saturday the 29th for it, by the notice of the year that
follows (2007, 2018). So a year's rows may name 29, 30 and 31 December before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from service.domain.calendars.calendar import DAY, Calendar, build_calendar, is_weekend
from service.domain.errors import ConflictError

DECEMBER_REACH: Final = timedelta(days=3)
"""How far a year's rows may reach back into December."""

NOTICE_YEARS: Final = range(2000, 2101)
"""Years with rows of their own: notices began with 2000, calendars end with 2100."""

TUESDAY: Final = 2


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """Days `off` (with their names) and `worked` in a year of a calendar.

    `published`: they are the year's whole notice; else the office's own days only.
    `source` says where they stand.
    """

    calendar: str
    year: int
    off: Mapping[date, str]
    worked: frozenset[date]
    published: bool
    source: str


def last_day_of_notice(year: int) -> date:
    """Find the last day on which a year's own notice has the last word.

    Before a New Year's Day on a Tuesday that is 28 December.
    """
    return date(year, 12, 28 if date(year + 1, 1, 1).isoweekday() == TUESDAY else 31)


def overlay_years(base: Calendar, years: Sequence[CalendarYear]) -> Calendar:
    """Lay the rows of those years that are this calendar's over it.

    A published year forgets what was known or guessed of its days, and carries
    `covered_until` on where no earlier year is missing. The office's own days lie
    above the notices, whatever the order they come in.
    """
    mine = sorted(_years_of(base, years), key=lambda it: (not it.published, it.year))
    if not mine:
        return base
    grounds, until = base.data, base.covered_until
    off, worked = dict(grounds.off), set(grounds.worked)
    maybe_off, maybe_working = dict(grounds.maybe_off), set(grounds.maybe_working)
    for it in mine:
        told = _decided_days(it)
        for named in (off, maybe_off):
            for day in told.keys() & named.keys():
                del named[day]
        worked -= told.keys()
        maybe_working -= told.keys()
        off |= it.off
        worked |= it.worked
        if (
            until is not None
            and it.published
            and not _first_missing_year(until, it.year)
        ):
            until = max(until, last_day_of_notice(it.year))
    return build_calendar(
        base.code,
        grounds.years,
        off,
        worked=worked,
        covered_until=until,
        maybe_off=maybe_off,
        maybe_working=maybe_working,
    )


def refuse_missing_year(base: Calendar, years: Sequence[CalendarYear]) -> None:
    """Raise `ConflictError` where a year is published before an earlier one is."""
    until = base.covered_until
    for year in sorted(it.year for it in _years_of(base, years) if it.published):
        if until is None:
            return
        if missing := _first_missing_year(until, year):
            raise ConflictError(
                f"calendar {base.code}: {year} is published here but {missing} is not, "
                f"the days are known until {until}; publish {missing} first"
            )
        until = max(until, last_day_of_notice(year))


def find_contradictions(base: Calendar, year: CalendarYear) -> list[str]:
    """Say day by day where a year is at odds with what is published.

    A published year speaks of all its days, an office's own only of those it names.
    Before its notice a year's statutory days are known already.
    """
    words = {True: "worked", False: "off"}
    return [
        f"{day}: {words[works]}, says {year.source}; {words[not works]}, says "
        f"{base.code} ({base.day_off_names.get(day, f'a {day:%A}')})"
        for day, works in sorted(_decided_days(year).items())
        if _differs(base, day, works=works)
    ]


def _years_of(base: Calendar, years: Sequence[CalendarYear]) -> list[CalendarYear]:
    return [it for it in years if it.calendar == base.code]


def _decided_days(office_year: CalendarYear) -> dict[date, bool]:
    """Say of every day that the rows decide about whether it works."""
    first, last = (
        last_day_of_notice(office_year.year - 1) + DAY,
        last_day_of_notice(office_year.year),
    )
    days = [first + n * DAY for n in range((last - first).days + 1)]
    whole = {day: not is_weekend(day) for day in days if office_year.published}
    return (
        whole
        | dict.fromkeys(office_year.off, False)
        | dict.fromkeys(office_year.worked, True)
    )


def _first_missing_year(until: date, year: int) -> int | None:
    """Name the first year not published yet, where that is before this one."""
    after = until + DAY
    first = after.year + (after > last_day_of_notice(after.year))
    return first if first < year else None


def _differs(base: Calendar, day: date, *, works: bool) -> bool:
    known = base.covers(day) or day in base.data.off
    return known and (day in base.certain_workdays) != works
