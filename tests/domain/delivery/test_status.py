from itertools import pairwise

import pytest

from service.domain.delivery.status import (
    FINAL_RANK,
    MESSAGE_TRANSITIONS,
    NEVER_ACCEPTED,
    RANK,
    REMINDER_AFTER,
    REMINDER_TRANSITIONS,
    MessageState,
    ReminderState,
    states_before,
)

R, M = ReminderState, MessageState


def test_every_state_has_its_moves_and_every_move_leads_to_a_state() -> None:
    assert set(REMINDER_TRANSITIONS) == set(ReminderState)
    assert set(MESSAGE_TRANSITIONS) == set(MessageState)
    assert {to for moves in REMINDER_TRANSITIONS.values() for to in moves} <= set(R)
    assert {to for moves in MESSAGE_TRANSITIONS.values() for to in moves} <= set(M)
    assert set(RANK) == set(MessageState)


def test_no_state_moves_to_itself() -> None:
    assert not [
        state for state in ReminderState if state in REMINDER_TRANSITIONS[state]
    ]
    assert not [state for state in MessageState if state in MESSAGE_TRANSITIONS[state]]


def test_a_delivered_reminder_has_no_next_state() -> None:
    assert REMINDER_TRANSITIONS[R.DELIVERED] == frozenset()
    assert MESSAGE_TRANSITIONS[M.READ] == frozenset()


@pytest.mark.parametrize("state", [R.SENT, R.DELIVERED])
def test_a_reminder_that_may_have_been_accepted_is_sent_again_only_as_a_retry(
    state: ReminderState,
) -> None:
    reached, before = {state}, set[ReminderState]()
    while reached != before:
        before = reached
        onward = before - {R.RETRYING, R.FAILED}
        reached = before.union(*(REMINDER_TRANSITIONS[one] for one in onward))
    assert not reached & {R.DUE, R.SENDING, R.UNCERTAIN, *NEVER_ACCEPTED}


@pytest.mark.parametrize("state", sorted(NEVER_ACCEPTED))
def test_an_unaccepted_end_is_only_reopened_or_proven_sent(
    state: ReminderState,
) -> None:
    assert REMINDER_TRANSITIONS[state] == {R.DUE, R.SENT}


def test_a_message_starts_from_a_due_reminder_or_a_retry() -> None:
    assert states_before(R.SENDING) == {R.DUE, R.RETRYING}
    assert states_before(R.UNCERTAIN) == {R.SENDING}


@pytest.mark.parametrize("target", list(ReminderState))
def test_the_sources_of_a_state_are_those_that_lead_there(
    target: ReminderState,
) -> None:
    for state in ReminderState:
        assert (state in states_before(target)) == (
            target in REMINDER_TRANSITIONS[state]
        )


def test_every_state_can_be_reached_from_due() -> None:
    assert all(states_before(state) for state in ReminderState)


def test_a_rank_rises_from_unknown_to_read() -> None:
    path = (M.UNCERTAIN, M.ACCEPTED, M.SENT, M.UNDELIVERED, M.DELIVERED, M.READ)
    assert all(RANK[low] < RANK[high] for low, high in pairwise(path))
    failures = {M.UNDELIVERED, M.FAILED, M.CANCELED}
    assert {RANK[failure] for failure in failures} == {FINAL_RANK}


@pytest.mark.parametrize("state", list(MessageState))
def test_a_message_never_moves_down_its_rank(state: MessageState) -> None:
    assert all(RANK[to] >= RANK[state] for to in MESSAGE_TRANSITIONS[state])
    higher = {one for one in MessageState if RANK[one] > RANK[state]}
    assert higher <= MESSAGE_TRANSITIONS[state]


def test_only_open_messages_end_without_a_receipt() -> None:
    ends = {M.REFUSED, M.NOT_ACCEPTED}
    assert {one for one in M if MESSAGE_TRANSITIONS[one] & ends} == {
        M.SENDING,
        M.UNCERTAIN,
    }


def test_only_an_operator_gives_up_and_only_an_unknown_outcome() -> None:
    assert {one for one in M if M.GIVEN_UP in MESSAGE_TRANSITIONS[one]} == {M.UNCERTAIN}


def test_every_provider_state_decides_the_state_of_its_reminders() -> None:
    assert set(REMINDER_AFTER) == {state for state in MessageState if RANK[state] > 0}
    after = {R.SENT, *REMINDER_TRANSITIONS[R.SENT]} - {R.RETRYING}
    assert set(REMINDER_AFTER.values()) == after
