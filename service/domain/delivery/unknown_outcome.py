"""Unknown outcomes: when absence is proven, and when an operator may decide."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from service.domain.delivery.status import MessageState

OPERATOR_AFTER: Final = timedelta(hours=24)
"""Time after the last possible POST. By then, an outcome that nobody could prove is for
an operator to decide: the provider could not be asked, or its list proves nothing.
"""

MAX_AUTOMATIC_RESENDS: Final = 2
"""How often a reminder is sent again because its message was absent: three messages."""

PROOF_GROWTH: Final = 4
"""Each further automatic re-send needs a proof so many times as long as the last."""

NO_RESEND_BEFORE_END: Final = timedelta(hours=24)
"""In this time before its step ends, a reminder is not sent again by absence. A doubled
text would come close to the closing day, and a call is the surer way."""

ABSENT_TWICE: Final = "not accepted: absent twice"
"""Reason of a message that ended because the provider's list lacked it twice."""

ABSENT_AGAIN: Final = "absent again: "
"""Start of the reason of an unknown message whose absence led to no re-send; what was
seen follows. The provider is asked about it every `ASK_AGAIN_SECONDS`."""

LEFT_TO_OPERATOR: Final = f"{ABSENT_AGAIN}an operator decides"
"""Start of such a reason if a limit forbids an automatic re-send."""

ASK_AGAIN_SECONDS: Final = 3600.0
"""Seconds until the provider is asked again about a message that it did not list: by
then a list that lagged may have it, or show another message."""


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """A message whose outcome an operator wants to decide at `asked_at`.

    `reason` is what is stored with it; its reminders were automatically sent again
    `returned` times. Instants are on the clock of the database.
    """

    state: MessageState
    reason: str | None
    lease_until: datetime
    absent_at: datetime | None
    asked_at: datetime
    returned: int = 0

    @property
    def is_left_to_operator(self) -> bool:
        """Whether settling has left the message to an operator."""
        return (self.reason or "").startswith(LEFT_TO_OPERATOR)


@dataclass(frozen=True, slots=True)
class AbsentAgain:
    """A message that was absent at two instants, far enough apart for a proof.

    `doubt` is why the list proves nothing all the same; None if it can be trusted.
    Instants are on the clock of the database.
    """

    first_at: datetime
    again_at: datetime
    doubt: str | None = None

    def waiting_reason(self) -> str:
        """The reason of a message that waits for a list that can be trusted."""
        return f"{ABSENT_AGAIN}asked every hour; {self._seen(self.doubt)}"

    def left_reason(self, objection: str) -> str:
        """The reason of a message that is left to an operator."""
        causes = "; ".join(filter(None, (self.doubt, objection)))
        return f"{LEFT_TO_OPERATOR}; {self._seen(causes)}"

    def _seen(self, more: str | None) -> str:
        first, again = _utc_text(self.first_at), _utc_text(self.again_at)
        return f"absent at {first}, absent again at {again}, {more}"


def absence_seen(reason: str | None) -> str:
    """What was seen of a message, from its reason; empty if it was not absent again."""
    if reason is None or not reason.startswith(ABSENT_AGAIN):
        return ""
    return reason.partition("; ")[2]


def proof_time(settle_after: timedelta, returned: int) -> timedelta:
    """How long the list must lack a message whose reminders returned so often.

    The last length also holds for a message that is then left to an operator.
    """
    growth: int = PROOF_GROWTH ** min(returned, MAX_AUTOMATIC_RESENDS - 1)
    return settle_after * growth


def absence_proven_at(
    lease_until: datetime,
    absent_at: datetime | None,
    asked_at: datetime,
    settle_after: timedelta,
    returned: int,
) -> datetime:
    """The instant from which an absence from the provider's list is proof.

    That is the `proof_time` after the last possible POST and after the first absence;
    if none is noted yet, `asked_at` counts as the first.
    """
    since = max(lease_until, absent_at or asked_at)
    return since + proof_time(settle_after, returned)


def resend_objection(
    returned: int, time_left: timedelta | None, *, is_paused: bool
) -> str | None:
    """Why a proven absence does not lead to an automatic re-send; None if it does.

    `time_left` is the time until the first step of its reminders ends; None without
    reminders. After that end no text follows, so there is no objection.
    """
    if returned >= MAX_AUTOMATIC_RESENDS:
        return f"sent again {returned} times already"
    if is_paused:
        return "automatic re-sending is paused"
    if time_left is not None and timedelta() < time_left < NO_RESEND_BEFORE_END:
        return "its step ends within 24 hours"
    return None


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
    if outcome.is_left_to_operator or outcome.asked_at >= persons_from:
        return None
    return (
        f"is still being settled: {_next_step(outcome, settle_after)}; what is open at "
        f"{_utc_text(persons_from)} is for a person to decide"
    )


def _next_step(outcome: UnknownOutcome, settle_after: timedelta) -> str:
    if (outcome.reason or "").startswith(ABSENT_AGAIN):
        return str(outcome.reason)
    proven = absence_proven_at(
        outcome.lease_until,
        outcome.absent_at,
        outcome.asked_at,
        settle_after,
        outcome.returned,
    )
    return (
        "an absence from the provider's list decides it at the first tick after "
        f"{_utc_text(proven)}"
    )


def _utc_text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
