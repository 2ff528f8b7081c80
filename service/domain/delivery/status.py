"""The states of reminders and messages, and every transition between them.

No other transition happens: stores guard each UPDATE with `states_before`, and a test
compares the tables with the diagrams in docs/states.md.
"""

from collections.abc import Mapping
from enum import StrEnum


class ReminderState(StrEnum):
    """The state of one permit in one step; all but the first four are ends.

    `retrying`: a message failed and another follows, because the fault was passing or
    the permit has another number.
    """

    DUE = "due"
    RETRYING = "retrying"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    SUPERSEDED = "superseded"
    MISSED = "missed"


class MessageState(StrEnum):
    """The state of one SMS, which is POSTed at most once."""

    SENDING = "sending"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    NOT_ACCEPTED = "not-accepted"
    GIVEN_UP = "given-up"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    READ = "read"


_R, _M = ReminderState, MessageState

NEVER_ACCEPTED = frozenset({_R.CANCELLED, _R.SUPPRESSED, _R.SUPERSEDED, _R.MISSED})
"""Ends without an accepted message: reopened when their cause is gone."""

NEVER_TEXTED = NEVER_ACCEPTED | {_R.DUE}
"""States in which certainly no text was sent."""

NOT_ARRIVED = NEVER_TEXTED | {_R.FAILED, _R.RETRYING}
"""States in which, as far as anybody knows, no text has arrived."""

UNDER_WAY = frozenset({_R.SENDING, _R.UNCERTAIN})
"""States in which a message is, or may be, on its way."""

NOT_ENDED = UNDER_WAY | {_R.DUE, _R.RETRYING}
"""States in which it is still open whether the step will be texted."""

_UNDECIDED = frozenset({_R.DUE, _R.RETRYING, _R.SENT, _R.FAILED, _R.SUPPRESSED})

REMINDER_TRANSITIONS: Mapping[ReminderState, frozenset[ReminderState]] = {
    _R.DUE: NEVER_ACCEPTED | {_R.SENDING, _R.SENT},
    _R.RETRYING: frozenset({_R.SENDING, _R.SENT, _R.FAILED}),
    _R.SENDING: _UNDECIDED | {_R.UNCERTAIN},
    _R.UNCERTAIN: _UNDECIDED,
    _R.SENT: frozenset({_R.DELIVERED, _R.FAILED, _R.RETRYING}),
    _R.DELIVERED: frozenset(),
    _R.FAILED: frozenset({_R.DUE, _R.RETRYING, _R.SENT}),
    _R.CANCELLED: frozenset({_R.DUE, _R.SENT}),
    _R.SUPPRESSED: frozenset({_R.DUE, _R.SENT}),
    _R.SUPERSEDED: frozenset({_R.DUE, _R.SENT}),
    _R.MISSED: frozenset({_R.DUE, _R.SENT}),
}
"""From each state to the next ones. An end becomes `sent` only by a late signed
callback: the provider had accepted the message after all. A reminder that failed
because of its number goes on once the permit has another number: as `due` if no
provider had accepted it, else as `retrying`."""

RANK: Mapping[MessageState, int] = {
    _M.SENDING: 0,
    _M.UNCERTAIN: 0,
    _M.REFUSED: 0,
    _M.NOT_ACCEPTED: 0,
    _M.GIVEN_UP: 0,
    _M.ACCEPTED: 1,
    _M.SENT: 2,
    _M.UNDELIVERED: 3,
    _M.FAILED: 3,
    _M.CANCELED: 3,
    _M.DELIVERED: 4,
    _M.READ: 5,
}
"""Receipts come late, twice and out of order: they only move a message up in rank.

Delivered outranks a failure: a carrier that reports both has delivered the message, and
its holder must not get a second one.
"""

FINAL_RANK = RANK[_M.UNDELIVERED]
"""From this rank on a message is not polled: the carrier has reported what became of
it."""

CLAIMABLE = (_R.DUE, _R.RETRYING)
"""States in which a worker may claim a reminder and send a message."""

ENDED_UNACCEPTED = frozenset({_M.REFUSED, _M.NOT_ACCEPTED, _M.GIVEN_UP})
"""Ends that assume that the provider never accepted; its receipt may disprove them."""

_WITHOUT_RECEIPT: Mapping[MessageState, frozenset[MessageState]] = {
    _M.SENDING: frozenset({_M.UNCERTAIN, _M.REFUSED, _M.NOT_ACCEPTED}),
    _M.UNCERTAIN: frozenset({_M.REFUSED, _M.NOT_ACCEPTED, _M.GIVEN_UP}),
}

MESSAGE_TRANSITIONS: Mapping[MessageState, frozenset[MessageState]] = {
    state: _WITHOUT_RECEIPT.get(state, frozenset())
    | {higher for higher in MessageState if RANK[higher] > RANK[state]}
    for state in MessageState
}

REMINDER_AFTER: Mapping[MessageState, ReminderState] = {
    _M.ACCEPTED: _R.SENT,
    _M.SENT: _R.SENT,
    _M.DELIVERED: _R.DELIVERED,
    _M.READ: _R.DELIVERED,
    _M.UNDELIVERED: _R.FAILED,
    _M.FAILED: _R.FAILED,
    _M.CANCELED: _R.FAILED,
}
"""The state of a message's reminders after the provider reports a message state."""

ACCEPTED_BUT_FAILED = frozenset(
    state for state, after in REMINDER_AFTER.items() if after is _R.FAILED
)
"""States of a message that the provider accepted and that reached nobody."""


def states_before(target: ReminderState) -> frozenset[ReminderState]:
    """The states from which a reminder may become `target`."""
    return frozenset(
        state for state, targets in REMINDER_TRANSITIONS.items() if target in targets
    )
