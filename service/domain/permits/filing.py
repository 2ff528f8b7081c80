"""Filed renewals (受理): what an office says of a holder's application to renew.

The law binds the application, not the new certificate: who has filed in time may go on,
so a filed renewal ends the reminders. One that is withdrawn or refused is as if it had
not been filed, and the window decides whether there is time to remind again.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Self

from service.domain.errors import Mistake

FILING_FIELDS: Final = ("authority", "rule", "number", "renewal_filed_on", "status")
"""The fields of a filed renewal in a register's file."""

FILING_REQUIRED: Final = ("number", "renewal_filed_on")
"""Those that every mapping of such a file must have."""

EARLIER_TERM: Final = "of an earlier term"
"""Outcome of a filing that was for the term before the permit's present one."""


class FilingState(StrEnum):
    """How a filed renewal stands; only one that is filed ends the reminders."""

    FILED = "filed"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A row of a file of filed renewals; without an authority or rule that of any.

    One that is withdrawn or refused may not say when it was filed.
    """

    number: str
    filed_on: date | None
    state: FilingState
    authority: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class StoredFiling:
    """The last filing of a permit, and the expiry date that it is to put off."""

    state: FilingState
    filed_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class FiledPermit:
    """What is stored of a permit, as far as a filing may change it.

    `renewal_filed_on` is what holds now, whoever said so. A term of its type lasts
    `term_days` at least.
    """

    expires_on: date | None
    issued_on: date | None
    renewal_filed_on: date | None
    filing: StoredFiling | None
    term_days: int

    def take(self, said: Filing) -> StoredFiling | str:
        """The filing to store, or the outcome of a row that changes nothing.

        Of several filings the latest counts, and of that its latest state. What was
        filed before the permit was issued or can have been, or was filed for an earlier
        expiry date, is `EARLIER_TERM`: a list of many years still names it.
        """
        filed_on = said.filed_on or self.renewal_filed_on
        if filed_on is None:
            return "unchanged"
        if self._is_of_earlier_term(filed_on):
            return EARLIER_TERM
        if self.renewal_filed_on and filed_on < self.renewal_filed_on:
            return "unchanged"
        current = self._of_present_term()
        if current and filed_on < current.filed_on:
            return "unchanged"
        filing = StoredFiling(said.state, filed_on, self.expires_on)
        return "unchanged" if filing == current else filing

    def with_filing(self, filing: StoredFiling) -> Self:
        """The permit once a filing is stored."""
        filed_on = find_filed_on(self.renewal_filed_on, filing, self.expires_on)
        return replace(self, filing=filing, renewal_filed_on=filed_on)

    def _is_of_earlier_term(self, filed_on: date) -> bool:
        if self.issued_on and filed_on < self.issued_on:
            return True
        if self.expires_on and filed_on < self.expires_on - timedelta(self.term_days):
            return True
        last = self.filing
        is_past = last is not None and last.expires_on != self.expires_on
        return is_past and last is not None and filed_on <= last.filed_on

    def _of_present_term(self) -> StoredFiling | None:
        last = self.filing
        return last if last and last.expires_on == self.expires_on else None


def find_future_filing(filed_on: date | None, today: date) -> Mistake | None:
    """The mistake of a renewal that is filed after the office's local `today`.

    Believed, it would end the reminders of a holder who has not filed.
    """
    if filed_on is None or filed_on <= today:
        return None
    expected = f"a day that is not after today, {today}"
    return Mistake("renewal_filed_on", str(filed_on), expected)


def find_filed_on(
    stated_on: date | None, filing: StoredFiling | None, expires_on: date | None
) -> date | None:
    """The day on which a renewal was filed that still holds; None if none does.

    `stated_on` is the day that the permit's own row states. It counts where no filing
    is known for this expiry date, or where it is later than that one.
    """
    if filing is None or filing.expires_on != expires_on:
        return stated_on
    if stated_on and stated_on > filing.filed_on:
        return stated_on
    return filing.filed_on if filing.state is FilingState.FILED else None
