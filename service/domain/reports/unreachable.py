"""Permits whose holder no text reaches, for the office to ask for another phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.permits.phone import PhoneLine
from service.domain.reminders.reasons import NO_PHONE


@dataclass(frozen=True, slots=True)
class UnreachablePhone:
    """A masked phone that cannot be texted, by its line or by a provider's report.

    `unreachable_by` is the error code of that report.
    """

    phone: str
    line: PhoneLine
    unreachable_at: datetime | None
    unreachable_by: str | None

    @property
    def why(self) -> str:
        """The reason in a few words."""
        if self.line is PhoneLine.INVALID:
            return "no valid number"
        if self.line is PhoneLine.FIXED:
            return "fixed line"
        code = f" ({self.unreachable_by})" if self.unreachable_by else ""
        return f"unreachable{code}"


@dataclass(frozen=True, slots=True)
class UnreachablePermit:
    """A permit whose holder no text reaches; its number is masked if it is personal."""

    id: str
    authority: str
    rule: str
    number: str
    holder: str
    phones: Sequence[UnreachablePhone]
    closes_on: date
    expires_on: date

    @property
    def why(self) -> str:
        """The reasons of its phones, each once."""
        reasons = dict.fromkeys(one.why for one in self.phones)
        return ", ".join(reasons) or NO_PHONE
