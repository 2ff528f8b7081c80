"""The states of reminders and messages, and every move between them.

The two tables are the whole truth: stores guard each UPDATE with `sources_of`, the
diagrams in docs/states.md are drawn from them, and a test compares the two.
"""

from collections.abc import Mapping
from enum import StrEnum


class ReminderState(StrEnum):
    """Where one permit in one step stands; all but the first four are ends.

    `retrying`: a message of it failed, and a new one follows: the carrier failed in
    passing, or there is another number.
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
    """Where one SMS stands; it is POSTed at most once in its life."""

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
"""Ends that no provider accepted: reopened when their cause is gone."""

NEVER_TEXTED = NEVER_ACCEPTED | {_R.DUE}
"""Of these nobody was, or may have been, texted."""

NOT_ARRIVED = NEVER_TEXTED | {_R.FAILED, _R.RETRYING}
"""Of these no text has arrived, as far as anybody knows."""

UNDER_WAY = frozenset({_R.SENDING, _R.UNCERTAIN})
"""Of these a message is on its way, or may be."""

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
"""From each state to the next. An end turns `sent` only by a late signed callback:
the provider had accepted after all, and its word is the truth. What failed for its
number goes on once there is another one: due where nobody had accepted it."""

RANK: Mapping[MessageState, int] = {
    _M.SENDING: 0,
    _M.UNCERTAIN: 0,
    _M.REFUSED: 0,
    _M.NOT_ACCEPTED: 0,
    _M.GIVEN_UP: 0,
    _M.ACCEPTED: 1,
    _M.SENT: 2,
    _M.DELIVERED: 3,
    _M.UNDELIVERED: 3,
    _M.FAILED: 3,
    _M.CANCELED: 3,
    _M.READ: 4,
}
"""Receipts come late, twice and shuffled: they move a message only up its rank."""

CLAIMABLE = (_R.DUE, _R.RETRYING)
"""Sent once its instant has come and nothing holds it: a message may begin in these."""

ENDED_UNACCEPTED = frozenset({_M.REFUSED, _M.NOT_ACCEPTED, _M.GIVEN_UP})
"""Of these the provider was thought to have nothing; its own word may say otherwise."""

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
"""What a provider's word about a message makes of its reminders."""

ACCEPTED_BUT_FAILED = frozenset(
    state for state, after in REMINDER_AFTER.items() if after is _R.FAILED
)
"""A message of which the provider took charge and that reached nobody."""


def states_before(target: ReminderState) -> frozenset[ReminderState]:
    """The states a reminder may be in just before it becomes `target`."""
    return frozenset(
        state for state, targets in REMINDER_TRANSITIONS.items() if target in targets
    )
