from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import (
    LEFT_TO_OPERATOR,
    OPERATOR_AFTER,
    AbsentAgain,
    UnknownOutcome,
    absence_proven_at,
    absence_seen,
    proof_time,
    undecidable_reason,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE, PATIENCE = timedelta(minutes=1), timedelta(minutes=5)
INSTANT = timedelta(microseconds=1)


def doubt(
    state: MessageState = MessageState.UNCERTAIN,
    *,
    left: bool = False,
    ago: timedelta = MINUTE,
    absent_at: datetime | None = None,
) -> UnknownOutcome:
    reason = f"{LEFT_TO_OPERATOR}; absent at noon" if left else "timeout"
    return UnknownOutcome(state, reason, NOW - ago, absent_at, NOW)


@pytest.mark.parametrize(
    ("lease_until", "absent_at", "proven"),
    [
        (NOW - MINUTE, None, NOW + PATIENCE),
        (NOW + MINUTE, None, NOW + MINUTE + PATIENCE),
        (NOW - MINUTE, NOW - 2 * MINUTE, NOW - MINUTE + PATIENCE),
        (NOW - 2 * MINUTE, NOW - MINUTE, NOW - MINUTE + PATIENCE),
    ],
)
def test_absence_is_proven_some_time_after_the_last_post_and_the_first_absence(
    lease_until: datetime, absent_at: datetime | None, proven: datetime
) -> None:
    assert absence_proven_at(lease_until, absent_at, NOW, PATIENCE, 0) == proven


def test_an_outcome_left_to_an_operator_can_be_decided_at_once() -> None:
    assert undecidable_reason(doubt(left=True), PATIENCE) is None


@pytest.mark.parametrize(
    ("ago", "free"), [(OPERATOR_AFTER - INSTANT, False), (OPERATOR_AFTER, True)]
)
def test_after_a_day_an_operator_may_decide_an_unproven_outcome(
    ago: timedelta, *, free: bool
) -> None:
    assert (undecidable_reason(doubt(ago=ago), PATIENCE) is None) is free


def test_an_outcome_being_settled_says_when_it_will_be_decided() -> None:
    assert undecidable_reason(doubt(absent_at=NOW), PATIENCE) == (
        "is still being settled: an absence from the provider's list decides it at the "
        "first tick after 2026-11-25 12:05:00 UTC; what is open at 2026-11-26 11:59:00 "
        "UTC is for a person to decide"
    )


def test_an_outcome_that_waits_for_a_proof_says_what_was_seen() -> None:
    seen = AbsentAgain(NOW - PATIENCE, NOW, "no other message to +1 shown")
    waits = replace(doubt(), reason=seen.waiting_reason())
    assert undecidable_reason(waits, PATIENCE) == (
        "is still being settled: absent again: asked every hour; absent at 2026-11-25 "
        "11:55:00 UTC, absent again at 2026-11-25 12:00:00 UTC, no other message to +1 "
        "shown; what is open at 2026-11-26 11:59:00 UTC is for a person to decide"
    )


def test_what_is_left_to_an_operator_says_every_cause_and_can_be_decided() -> None:
    seen = AbsentAgain(NOW - PATIENCE, NOW, "no other message to +1 shown")
    reason = seen.left_reason("its step ends within 24 hours")
    assert absence_seen(reason) == (
        "absent at 2026-11-25 11:55:00 UTC, absent again at 2026-11-25 12:00:00 UTC, "
        "no other message to +1 shown; its step ends within 24 hours"
    )
    left = replace(doubt(), reason=reason)
    assert left.is_left_to_operator
    assert undecidable_reason(left, PATIENCE) is None


@pytest.mark.parametrize("reason", [None, "timeout; timeout"])
def test_nothing_was_seen_of_a_message_that_was_not_absent_again(
    reason: str | None,
) -> None:
    assert absence_seen(reason) == ""
    assert not replace(doubt(), reason=reason).is_left_to_operator


@pytest.mark.parametrize(("returned", "times"), [(0, 1), (1, 4), (2, 4)])
def test_a_further_resend_needs_a_proof_four_times_as_long(
    returned: int, times: int
) -> None:
    assert proof_time(PATIENCE, returned) == times * PATIENCE
    proven = absence_proven_at(NOW - MINUTE, NOW, NOW, PATIENCE, returned)
    assert proven == NOW + times * PATIENCE


def test_an_outcome_of_a_second_message_says_its_longer_proof() -> None:
    second = replace(doubt(absent_at=NOW), returned=1)
    assert "first tick after 2026-11-25 12:20:00" in str(
        undecidable_reason(second, PATIENCE)
    )


@pytest.mark.parametrize("state", sorted({*MessageState} - {MessageState.UNCERTAIN}))
def test_any_other_state_is_named_and_cannot_be_decided(state: MessageState) -> None:
    reason = undecidable_reason(
        doubt(state, left=True, ago=2 * OPERATOR_AFTER), PATIENCE
    )
    if state is MessageState.SENDING:
        assert reason == (
            "is under way; unless it is recorded, unknown from 2026-11-23 12:00:00 UTC"
        )
    else:
        assert reason == f"is {state}: only an unknown outcome can be decided"
