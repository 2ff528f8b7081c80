"""Unknown outcomes: when absence is proven, and when an operator may decide."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from service.domain.delivery.status import MessageState

OPERATOR_AFTER: Final = timedelta(hours=24)
"""Time after the last possible POST. By then, an outcome that nobody could prove is for
an operator to decide: the provider could not be asked, or its list has more or fewer of
these texts than there are unknown messages.
"""

LEFT_TO_OPERATOR = "absent again: an operator decides"
"""Reason of an unknown message that the provider's list lacks, like the message before
it: its reminders were already sent again once."""

ASK_AGAIN_SECONDS = 3600.0
"""Seconds until the provider is asked again about a message that it did not list: by
then a list that lagged may have it."""


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """A message whose outcome an operator wants to decide at `asked_at`.

    `left_to_operator`: its absence was proven for the second time. Instants are on the
    clock of the database.
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
    """The instant from which an absence from the provider's list is proof.

    That is `settle_after` after the last possible POST and after the first absence; if
    none is noted yet, `asked_at` counts as the first.
    """
    return max(lease_until, absent_at or asked_at) + settle_after


def undecidable_reason(outcome: UnknownOutcome, settle_after: timedelta) -> str | None:
    """Why an operator may not decide the outcome now; None if they may."""
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
