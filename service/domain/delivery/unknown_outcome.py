"""An unknown outcome: when it is proven, and from when on a person may decide it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from service.domain.delivery.status import MessageState

OPERATOR_AFTER: Final = timedelta(hours=24)
"""After the last possible POST. What nobody could prove by then, a person decides: the
provider could not be asked, or lists more or fewer of such texts than we are unsure of.
"""


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """A message that somebody would decide; instants are the database's.

    `left`: it was proven absent for the second time. `asked_at` is now.
    """

    state: MessageState
    left_to_operator: bool
    lease_until: datetime
    absent_at: datetime | None
    asked_at: datetime


def absence_proven_at(
    lease_until: datetime,
    absent_at: datetime | None,
    asked_at: datetime,
    settle_after: timedelta,
) -> datetime:
    """From when on an absence is proof: `patience` after the first, and the last POST.

    A first absence noted at `asked_at` starts the wait.
    """
    return max(lease_until, absent_at or asked_at) + settle_after


def undecidable_reason(outcome: UnknownOutcome, settle_after: timedelta) -> str | None:
    """What speaks against a person's deciding it now, or None."""
    if outcome.state is MessageState.SENDING:
        return (
            "is under way; unless it is recorded, unknown from "
            f"{_utc_text(outcome.lease_until)}"
        )
    if outcome.state is not MessageState.UNCERTAIN:
        return f"is {outcome.state}: only an unknown outcome can be decided"
    persons_from = outcome.lease_until + OPERATOR_AFTER
    if outcome.left_to_operator or outcome.asked_at >= persons_from:
        return None
    proven = absence_proven_at(
        outcome.lease_until, outcome.absent_at, outcome.asked_at, settle_after
    )
    return (
        "is still being settled: an absence from the provider's list decides it at the "
        f"first tick after {_utc_text(proven)}; what is open at "
        f"{_utc_text(persons_from)} is for a "
        "person to decide"
    )


def _utc_text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


LEFT_TO_OPERATOR = "absent again: an operator decides"
"""The provider's list has no such message, twice over, and a second time."""


ASK_AGAIN_SECONDS = 3600.0
"""Seconds after which the provider is asked once more about what it did not list: by
then a list that lagged may have it."""
