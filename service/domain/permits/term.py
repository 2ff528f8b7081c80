"""The terms of a permit: what tells a renewal from the correction of a wrong date."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Protocol, Self

_TERM: Final = re.compile(r"(\d+) (year|month)s?\b")
_DAYS: Final = {"year": 365, "month": 30}

_SHORTEST_TERM: Final = _DAYS["year"]
"""Days of a term where the rule names none: hardly a permit is valid for less."""

_EARLY: Final = timedelta(days=31)
"""How long before the opening a renewal is believed: offices take some in advance, and
the opening is that of the new expiry date, moved back."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a permit, as a register states it."""

    expires_on: date | None
    issued_on: date | None


class LawfulWindow(Protocol):
    """The days in which a renewal may be applied for."""

    @property
    def expires_on(self) -> date:
        """The last day of the permit."""

    @property
    def opens_on(self) -> date | None:
        """The first day to apply; None where the law names none."""


@dataclass(frozen=True, slots=True)
class RenewalTest:
    """Tells on the day `today` whether a new expiry date is that of a renewal.

    A term lasts `term_days` at least. `opens_before` is how long before expiry the
    law's window opens; None where it has no opening.
    """

    today: date
    term_days: int
    opens_before: timedelta | None

    @classmethod
    def of(cls, today: date, validity: str, window: LawfulWindow | None) -> Self:
        """The test by a rule's `validity`, in words, and by a window of the permit."""
        opens_on = window and window.opens_on
        before = window.expires_on - opens_on if window and opens_on else None
        return cls(today, shortest_term(validity), before)

    def is_renewal(self, old: Term, new: Term, *, is_filed: bool) -> bool:
        """Whether `new` renews `old`; if not, it corrects what was stated of it.

        A renewal grants a new term. So its expiry date is later by half a term at
        least: an authority may let the new term run from its decision, some time before
        the old one ends. And it is granted only once it could be applied for. A later
        date of issue, or a filed renewal, says that it was.
        """
        if old.expires_on is None or old.expires_on == new.expires_on:
            return False
        is_issued = bool(
            old.issued_on and new.issued_on and new.issued_on > old.issued_on
        )
        if new.expires_on is None:
            return is_issued or is_filed
        if (new.expires_on - old.expires_on).days * 2 < self.term_days:
            return is_issued and new.expires_on > old.expires_on
        return is_issued or is_filed or self._may_be_decided(old.expires_on)

    def _may_be_decided(self, expires_on: date) -> bool:
        before = self.opens_before
        return before is None or self.today >= expires_on - before - _EARLY


@lru_cache(256)
def shortest_term(validity: str) -> int:
    """Days of the shortest term that a rule's `validity` names, in words."""
    named = (int(count) * _DAYS[unit] for count, unit in _TERM.findall(validity))
    return min(named, default=_SHORTEST_TERM)
