from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.domain.delivery.concurrency import ConcurrencyLimit

MOST = st.integers(1, 40)


def many(pace: ConcurrencyLimit, count: int) -> ConcurrencyLimit:
    for _ in range(count):
        pace = pace.after_success()
    return pace


def test_the_limit_starts_at_its_maximum_and_never_exceeds_it() -> None:
    assert many(ConcurrencyLimit.start(20), 100).allowed_at(0) == 20


def test_a_refusal_halves_the_limit() -> None:
    assert (
        ConcurrencyLimit.start(20).after_refusal(posted_at=1, now=2).allowed_at(3) == 10
    )


def test_refusals_of_one_round_halve_the_limit_once() -> None:
    pace = ConcurrencyLimit.start(20)
    for begun_at in (1, 1.5, 2):
        pace = pace.after_refusal(begun_at, now=2)
    assert pace.allowed_at(3) == 10
    assert pace.after_refusal(posted_at=2.5, now=3).allowed_at(4) == 5


def test_one_post_is_always_allowed() -> None:
    pace = ConcurrencyLimit.start(20)
    for at in range(1, 50):
        pace = pace.after_refusal(at, at)
    assert pace.allowed_at(50) == 1


def test_a_successful_round_adds_one() -> None:
    pace = ConcurrencyLimit.start(20).after_refusal(1, 2)
    assert many(pace, 9).allowed_at(3) == 10
    assert many(pace, 11).allowed_at(3) == 11


def test_no_post_is_allowed_until_the_wait_is_over() -> None:
    pace = ConcurrencyLimit.start(20).after_refusal(posted_at=1, now=2, wait=30)
    assert [pace.allowed_at(at) for at in (2, 31.9, 32)] == [0, 0, 10]


def test_a_shorter_wait_does_not_cut_a_longer_one_short() -> None:
    pace = (
        ConcurrencyLimit.start(20)
        .after_refusal(1, 2, wait=30)
        .after_refusal(1, 3, wait=1)
    )
    assert [pace.allowed_at(at) for at in (31, 32)] == [0, 10]


@given(MOST, st.lists(st.booleans(), max_size=300))
def test_the_limit_stays_between_one_and_its_maximum(
    most: int, answers: list[bool]
) -> None:
    pace = ConcurrencyLimit.start(most)
    for at, taken in enumerate(answers, 1):
        pace = pace.after_success() if taken else pace.after_refusal(at, at)
        assert 1 <= pace.allowed_at(at) <= most


@given(MOST, st.integers(1, 10))
def test_the_limit_returns_to_its_maximum(most: int, objections: int) -> None:
    pace = ConcurrencyLimit.start(most)
    for at in range(1, objections + 1):
        pace = pace.after_refusal(at, at)
    widths = [pace.current]
    for _ in range(most * most + most):
        pace = pace.after_success()
        widths.append(pace.current)
    assert pace.allowed_at(objections) == most
    assert all(one <= other for one, other in pairwise(widths))
