"""An index for counting working days without walking from day to day."""

from array import array
from datetime import date
from itertools import accumulate, compress

from service.domain.errors import InvalidError, Mistake


class WorkingDays:
    """The working days from `first` to `last`; each question takes constant time.

    `works` has one byte a day, 1 for a working day. Every method raises `InvalidError`
    for a day, or an answer, outside the index.
    """

    __slots__ = ("_base", "_days", "_ranks", "_where", "first", "last", "works")

    def __init__(self, code: str, first: date, works: bytes) -> None:
        self._where, self.first, self.works = f"calendar {code}", first, works
        self._base = first.toordinal()
        self.last = date.fromordinal(self._base + len(works) - 1)
        ordinals = range(self._base, self._base + len(works))
        self._days = array("i", compress(ordinals, works))
        # The number of working days before each day, and before the day after the last.
        self._ranks = array("i", accumulate(works, initial=0))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.works[self._at(day)] == 1

    def back(self, day: date, count: int) -> date:
        """Find the `count`-th working day before `day`, without `day` itself."""
        return self._pick(day, self._ranks[self._at(day)] - count)

    def forward(self, day: date, count: int) -> date:
        """Find the `count`-th working day after `day`, without `day` itself."""
        return self._pick(day, self._ranks[self._at(day) + 1] + count - 1)

    def on_or_before(self, day: date) -> date:
        """The last working day not after `day`."""
        return self._pick(day, self._ranks[self._at(day) + 1] - 1)

    def on_or_after(self, day: date) -> date:
        """The first working day not before `day`."""
        return self._pick(day, self._ranks[self._at(day)])

    def refuse_outside(self, name: str, day: date) -> None:
        """Raise `InvalidError` naming `name` for a day outside the index."""
        if not self.first <= day <= self.last:
            expected = f"a day from {self.first} to {self.last}"
            raise InvalidError(self._where, [Mistake(name, str(day), expected)])

    def _at(self, day: date) -> int:
        self.refuse_outside("day", day)
        return day.toordinal() - self._base

    def _pick(self, asked: date, at: int) -> date:
        if 0 <= at < len(self._days):
            return date.fromordinal(self._days[at])
        expected = f"a day further inside {self.first} to {self.last}"
        raise InvalidError(self._where, [Mistake("day", str(asked), expected)])
