"""An office's own days off and workdays of a year, laid over a calendar.

A year's notice may also decide on the last days of the December before it. In 2007 and
2018 China's State Council made Monday 31 December a day off and Saturday 29 December a
working day, in the notice of the following year. So the rows of a year may name 29, 30
and 31 December of the year before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from service.domain.calendars.calendar import DAY, Calendar, build_calendar, is_weekend
from service.domain.errors import ConflictError

DECEMBER_REACH: Final = timedelta(days=3)
"""How far the rows of a year may reach back into the December before it."""

NOTICE_YEARS: Final = range(2000, 2101)
"""Years that may have rows: the first notice was for 2000, calendars end with 2100."""

TUESDAY: Final = 2


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """Days `off` (with their names) and `worked` in a year of a calendar.

    `published`: the rows are the whole official notice of the year; else they are only
    the office's own days. `source` names the document that lists them.
    """

    calendar: str
    year: int
    off: Mapping[date, str]
    worked: frozenset[date]
    published: bool
    source: str


def last_day_of_notice(year: int) -> date:
    """The last day that the notice of `year` decides on.

    Usually 31 December. Before a New Year's Day on a Tuesday it is 28 December: the
    next notice decides on the days after it.
    """
    return date(year, 12, 28 if date(year + 1, 1, 1).isoweekday() == TUESDAY else 31)


def overlay_years(base: Calendar, years: Sequence[CalendarYear]) -> Calendar:
    """Lay the rows of the years of this calendar over it.

    A published year replaces all that was known or assumed of its days, and moves
    `covered_until` on unless an earlier year is missing. The office's own days override
    published ones, in whatever order the years are given.
    """
    own_years = sorted(
        _years_of(base, years), key=lambda year: (not year.published, year.year)
    )
    if not own_years:
        return base
    data, until = base.data, base.covered_until
    off, worked = dict(data.off), set(data.worked)
    maybe_off, maybe_working = dict(data.maybe_off), set(data.maybe_working)
    for year in own_years:
        decided = _decided_days(year).keys()
        for named in (off, maybe_off):
            for day in decided & named.keys():
                del named[day]
        worked -= decided
        maybe_working -= decided
        off |= year.off
        worked |= year.worked
        if (
            until is not None
            and year.published
            and not _first_missing_year(until, year.year)
        ):
            until = max(until, last_day_of_notice(year.year))
    return build_calendar(
        base.code,
        data.years,
        off,
        worked=worked,
        covered_until=until,
        maybe_off=maybe_off,
        maybe_working=maybe_working,
    )


def refuse_missing_year(base: Calendar, years: Sequence[CalendarYear]) -> None:
    """Raise `ConflictError` if a year is published while an earlier one is missing."""
    until = base.covered_until
    for year in sorted(one.year for one in _years_of(base, years) if one.published):
        if until is None:
            return
        if missing := _first_missing_year(until, year):
            raise ConflictError(
                f"calendar {base.code}: {year} is published here but {missing} is not, "
                f"the days are known until {until}; publish {missing} first"
            )
        until = max(until, last_day_of_notice(year))


def find_contradictions(base: Calendar, year: CalendarYear) -> list[str]:
    """List the days on which a year contradicts the published calendar, a line each.

    A published year decides on all its days, an office's own year only on those it
    names. Statutory holidays are known even before the notice of their year.
    """
    words = {True: "worked", False: "off"}
    return [
        f"{day}: {words[works]}, says {year.source}; {words[not works]}, says "
        f"{base.code} ({base.day_off_names.get(day, f'a {day:%A}')})"
        for day, works in sorted(_decided_days(year).items())
        if _differs(base, day, works=works)
    ]


def _years_of(base: Calendar, years: Sequence[CalendarYear]) -> list[CalendarYear]:
    return [year for year in years if year.calendar == base.code]


def _decided_days(office_year: CalendarYear) -> dict[date, bool]:
    """Each day that the rows decide on, and whether it is a working day."""
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
    """The first year that is not published yet, if it is before `year`."""
    after = until + DAY
    first = after.year + (after > last_day_of_notice(after.year))
    return first if first < year else None


def _differs(base: Calendar, day: date, *, works: bool) -> bool:
    known = base.covers(day) or day in base.data.off
    return known and (day in base.certain_workdays) != works
