from datetime import UTC, datetime, timedelta

import pytest

from service.domain.permits.lookup import Answer
from service.domain.reminders.reasons import (
    NOT_IN_REGISTER,
    REGISTER_FAILED,
    REGISTER_NOT_ASKED,
)
from service.domain.reminders.register_answer import RegisterAnswer

NOW = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "holds", "minutes_ago", "obstacle"),
    [
        (None, True, None, REGISTER_NOT_ASKED),
        (None, False, None, REGISTER_NOT_ASKED),
        (Answer.FOUND, True, 0, None),
        (Answer.FOUND, True, 59.9, None),
        (Answer.FOUND, True, 60, REGISTER_NOT_ASKED),
        (Answer.FOUND, True, -1, REGISTER_NOT_ASKED),
        (Answer.NOT_FOUND, False, 59, NOT_IN_REGISTER),
        (Answer.FAILED, True, 9, REGISTER_FAILED),
        (Answer.FAILED, False, 9, None),
        (Answer.FAILED, True, 10, REGISTER_NOT_ASKED),
        (Answer.FAILED, False, 10, REGISTER_NOT_ASKED),
    ],
)
def test_a_fresh_answer_decides_and_an_old_one_is_asked_for_again(
    answer: Answer | None, *, holds: bool, minutes_ago: float | None, obstacle: str
) -> None:
    asked_at = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    known = RegisterAnswer(timedelta(hours=1), holds, answer, asked_at)
    assert known.find_obstacle(NOW) == obstacle


def test_a_register_that_did_not_know_a_permit_is_asked_again_within_the_hour() -> None:
    asked_at = NOW - timedelta(hours=1)
    known = RegisterAnswer(
        fresh_for=timedelta(days=1),
        holds_failures=True,
        answer=Answer.NOT_FOUND,
        asked_at=asked_at,
    )
    assert known.find_obstacle(NOW) == REGISTER_NOT_ASKED
    assert known.find_obstacle(NOW - timedelta(seconds=1)) == NOT_IN_REGISTER


def test_a_failure_counts_no_longer_than_any_other_answer() -> None:
    asked_at = NOW - timedelta(minutes=1)
    known = RegisterAnswer(
        fresh_for=timedelta(minutes=1),
        holds_failures=True,
        answer=Answer.FAILED,
        asked_at=asked_at,
    )
    assert known.find_obstacle(NOW) == REGISTER_NOT_ASKED
