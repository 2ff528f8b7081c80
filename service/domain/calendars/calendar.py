"""The working days of a country or place, and the day up to which they are published.

A government publishes the holidays of a year shortly before it. Later days are counted
twice: on the days that surely are working days, and on those that may be.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from service.domain.calendars.working_days import WorkingDays

DAY: Final = timedelta(days=1)
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class CalendarData:
    """The days a calendar is built from, in whole `years` of Saturday-Sunday weekends.

    `off` are certain days off with their names; `worked` are working days even on
    weekends and holidays. Of the days not published yet, `maybe_off` may become days
    off and `maybe_working` may become working days.
    """

    years: range
    off: Mapping[date, str]
    worked: frozenset[date]
    maybe_off: Mapping[date, str]
    maybe_working: frozenset[date]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one place, and the day up to which they are known.

    After `covered_until` (None: every year can be computed) the official notice is not
    published yet. For those days `certain_workdays` has only days that surely are
    working days, so that counting back on it never gives a closing that is too late;
    `possible_workdays` has every day that may be one, so that counting back on it never
    gives an opening that is too early. Before, the two are the same. `day_off_names`
    serves explanations. Calendars built from equal `data` are equal.
    """

    code: str
    covered_until: date | None
    certain_workdays: WorkingDays = field(repr=False, compare=False)
    possible_workdays: WorkingDays = field(repr=False, compare=False)
    day_off_names: Mapping[date, str] = field(repr=False, compare=False)
    data: CalendarData = field(repr=False)

    def covers(self, day: date) -> bool:
        """Whether the notice that decides on `day` is published."""
        return self.covered_until is None or day <= self.covered_until

    def describe_days_off(
        self, after: date, until: date, workdays: WorkingDays
    ) -> list[str]:
        """List the named days off in (after, until] that `workdays` does not count.

        Days off in a row, weekends included, make one entry: "2024-02-10 to 2024-02-17
        春节".
        """
        runs: list[list[date]] = []
        for day in _days_between(after + DAY, until):
            if day not in self.day_off_names or day in workdays:
                continue
            if runs and workdays.on_or_after(runs[-1][-1]) > day:
                runs[-1].append(day)
            else:
                runs.append([day])
        return [self._run(run) for run in runs]

    def _run(self, run: list[date]) -> str:
        name = ", ".join(dict.fromkeys(self.day_off_names[day] for day in run))
        return f"{run[0]} {name}" if len(run) == 1 else f"{run[0]} to {run[-1]} {name}"


def makeup_workdays(after: date, until: date, workdays: WorkingDays) -> list[date]:
    """List the weekend days in (after, until] that count as working days (调休)."""
    return [
        day
        for day in _days_between(after + DAY, until)
        if is_weekend(day) and day in workdays
    ]


def build_calendar(
    code: str,
    years: range,
    days_off: Mapping[date, str],
    *,
    worked: Iterable[date] = (),
    covered_until: date | None = None,
    maybe_off: Mapping[date, str] = MappingProxyType({}),
    maybe_working: Iterable[date] = (),
) -> Calendar:
    """Build a calendar.

    `maybe_off` and `maybe_working` matter only after `covered_until`. Days outside
    `years` are ignored.
    """
    later = covered_until or date(years[-1], 12, 31)
    grounds = CalendarData(
        years=years,
        off=days_off,
        worked=frozenset(worked),
        maybe_off={day: name for day, name in maybe_off.items() if day > later},
        maybe_working=frozenset(day for day in maybe_working if day > later),
    )
    first, surely, possibly = _build_indexes(grounds)
    certain = WorkingDays(code, first, surely)
    possible = certain if possibly == surely else WorkingDays(code, first, possibly)
    return Calendar(
        code=code,
        covered_until=covered_until,
        certain_workdays=certain,
        possible_workdays=possible,
        day_off_names={**grounds.maybe_off, **days_off},
        data=grounds,
    )


def fingerprint(calendar: Calendar) -> str:
    """16 hex digits that differ between calendars with different working days."""
    header = f"{calendar.covered_until} {calendar.certain_workdays.first} ".encode()
    digest = sha256(
        header + calendar.certain_workdays.works + calendar.possible_workdays.works
    )
    return digest.hexdigest()[:16]


def is_weekend(day: date) -> bool:
    """Whether a day is a Saturday or Sunday."""
    return day.weekday() >= SATURDAY


def _build_indexes(grounds: CalendarData) -> tuple[date, bytes, bytes]:
    """The first day, then one byte a day: 1 for certain, and for possible, workdays."""
    first = date(grounds.years[0], 1, 1)
    length = (date(grounds.years[-1], 12, 31) - first).days + 1
    weeks = b"\1\1\1\1\1\0\0" * (length // 7 + 2)
    works = weeks[first.weekday() :][:length]
    works = _set_days(_set_days(works, first, grounds.off, 0), first, grounds.worked, 1)
    surely = _set_days(works, first, grounds.maybe_off, 0)
    return first, surely, _set_days(works, first, grounds.maybe_working, 1)


def _set_days(works: bytes, first: date, days: Iterable[date], mark: int) -> bytes:
    marked, base = bytearray(works), first.toordinal()
    for day in days:
        at = day.toordinal() - base
        if 0 <= at < len(marked):
            marked[at] = mark
    return bytes(marked)


def _days_between(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
