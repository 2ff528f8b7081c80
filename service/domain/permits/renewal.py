"""Renewals: which permit one replaces, and which reminder came last before it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from service.domain.errors import InvalidError, Mistake
from service.domain.permits.permit import Permit


@dataclass(frozen=True, slots=True)
class NumberedPermit:
    """A permit that has the number which a renewal names, in any office."""

    authority: str
    rule: str
    shown_number: str
    holder: str
    holder_code: str | None


def refuse_replaced(
    renewal: Permit, found: Sequence[NumberedPermit]
) -> InvalidError | None:
    """The mistake of a renewal whose number only permits of other holders have.

    A permit of the same office and type is replaced whoever holds it; one of another
    office or type only if its holder is the renewal's. A number that nobody has yet is
    right: the permit may be registered later.
    """
    if not found or any(
        (one.authority, one.rule) == (renewal.authority, renewal.rule)
        or _has_same_holder(one, renewal)
        for one in found
    ):
        return None
    places = ", ".join(
        sorted(f"{one.rule} {one.shown_number} of {one.authority}" for one in found)
    )
    expected = "a permit of the same holder, or nothing"
    mistake = Mistake("replaces", f"{places}, of another holder", expected)
    return InvalidError(f"permit of {renewal.rule}", [mistake])


def _has_same_holder(one: NumberedPermit, renewal: Permit) -> bool:
    if one.holder_code and renewal.holder_code:
        return one.holder_code == renewal.holder_code
    return one.holder == renewal.holder


@dataclass(frozen=True, slots=True)
class SentReminder:
    """A reminder that was accepted and not failed: its step, and when it was POSTed."""

    step: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class ReminderBefore:
    """The last reminder before a holder acted, and the local days until then."""

    step: str
    posted_at: datetime
    days: int


def find_reminder_before(
    sent: Iterable[SentReminder], acted_on: date, zone: ZoneInfo
) -> ReminderBefore | None:
    """The last reminder POSTed by the day `acted_on`; None without one.

    One that was POSTed on that very day counts, with 0 days.
    """
    before = [
        (one.posted_at, one.step, one.posted_at.astimezone(zone).date()) for one in sent
    ]
    earlier = [one for one in before if one[2] <= acted_on]
    if not earlier:
        return None
    posted_at, step, day = max(earlier)
    return ReminderBefore(step, posted_at, (acted_on - day).days)
