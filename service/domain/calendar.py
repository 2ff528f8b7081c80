"""Which days count: working days of a place, and how far that is published."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from service.domain.errors import InvalidError, Mistake

DAY: Final = timedelta(days=1)
SATURDAY: Final = 5


class WorkingDays:
    """An index of working days from `first` to `last`, asked without a search.

    Every question raises `InvalidError` where it or its answer leaves the index.
    """

    __slots__ = ("_base", "_days", "_ranks", "_where", "first", "last")

    def __init__(
        self, code: str, first: date, last: date, days: Iterable[date]
    ) -> None:
        self._where, self.first, self.last = f"calendar {code}", first, last
        self._base = first.toordinal()
        self._days = sorted(days)
        works = bytearray(last.toordinal() - self._base + 1)
        for day in self._days:
            works[day.toordinal() - self._base] = 1
        # How many working days come before each day, and before the day after the last.
        self._ranks = list(accumulate(works, initial=0))

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        at = self._at(day)
        return self._ranks[at] != self._ranks[at + 1]

    def back(self, day: date, count: int) -> date:
        """Find the `count`-th working day before `day`, itself not counted."""
        return self._pick(day, self._ranks[self._at(day)] - count)

    def forward(self, day: date, count: int) -> date:
        """Find the `count`-th working day after `day`, itself not counted."""
        return self._pick(day, self._ranks[self._at(day) + 1] + count - 1)

    def on_or_before(self, day: date) -> date:
        """Keep a working day, move another to the last one before it."""
        return self._pick(day, self._ranks[self._at(day) + 1] - 1)

    def on_or_after(self, day: date) -> date:
        """Keep a working day, move another to the first one after it."""
        return self._pick(day, self._ranks[self._at(day)])

    def refuse_outside(self, name: str, day: date) -> None:
        """Raise `InvalidError` for a date called `name` outside the index."""
        if not self.first <= day <= self.last:
            expected = f"a day from {self.first} to {self.last}"
            raise InvalidError(self._where, [Mistake(name, str(day), expected)])

    def _at(self, day: date) -> int:
        self.refuse_outside("day", day)
        return day.toordinal() - self._base

    def _pick(self, asked: date, at: int) -> date:
        if 0 <= at < len(self._days):
            return self._days[at]
        expected = f"a day further inside {self.first} to {self.last}"
        raise InvalidError(self._where, [Mistake("day", str(asked), expected)])


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one place, and until when they are known.

    After `covered_until` (None: computable for ever) the year's notice is not out.
    From then on `surely` holds only days certain to be working days, so counting
    back on it never tells a closing too late; `possibly` holds every day that may
    become one, so counting back on it never tells an opening too early. Until
    then they are the same. `names` are the days off that have one, for the trace.
    """

    code: str
    covered_until: date | None
    surely: WorkingDays = field(repr=False)
    possibly: WorkingDays = field(repr=False)
    names: Mapping[date, str] = field(repr=False)

    def covers(self, day: date) -> bool:
        """Whether the notice that decides about `day` is published."""
        return self.covered_until is None or day <= self.covered_until

    def days_off(self, after: date, until: date, days: WorkingDays) -> list[str]:
        """Name the days off in (after, until] by one of the two indexes.

        Days without work between them share one text.
        """
        runs: list[list[date]] = []
        for day in _days(after + DAY, until):
            if day not in self.names or day in days:
                continue
            if runs and days.on_or_after(runs[-1][-1]) > day:
                runs[-1].append(day)
            else:
                runs.append([day])
        return [self._run(run) for run in runs]

    def _run(self, run: list[date]) -> str:
        name = ", ".join(dict.fromkeys(self.names[day] for day in run))
        return f"{run[0]} {name}" if len(run) == 1 else f"{run[0]} to {run[-1]} {name}"


def made_up(after: date, until: date, days: WorkingDays) -> list[date]:
    """List the weekend days in (after, until] that count as worked (调休)."""
    return [day for day in _days(after + DAY, until) if weekend(day) and day in days]


def calendar(
    code: str,
    years: range,
    days_off: Mapping[date, str],
    *,
    worked: Iterable[date] = (),
    covered_until: date | None = None,
    maybe_off: Mapping[date, str] | None = None,
    maybe_working: Iterable[date] = (),
) -> Calendar:
    """Build a calendar with a Saturday-Sunday weekend for whole years.

    `days_off` are named and certain, `worked` are weekend days that are worked;
    after `covered_until`, `maybe_off` may be taken off and `maybe_working` worked.
    """
    first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
    made, doubtful = frozenset(worked), maybe_off or {}
    base = {
        day
        for day in _days(first, last)
        if day in made or not (weekend(day) or day in days_off)
    }
    later = covered_until or last
    surely = base - {day for day in doubtful if day > later}
    possibly = base | {day for day in maybe_working if day > later}
    names = {day: name for day, name in doubtful.items() if day > later}
    return Calendar(
        code=code,
        covered_until=covered_until,
        surely=WorkingDays(code, first, last, surely),
        possibly=WorkingDays(code, first, last, possibly),
        names=names | dict(days_off),
    )


def _days(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def weekend(day: date) -> bool:
    """Tell whether a day is a Saturday or Sunday."""
    return day.weekday() >= SATURDAY
