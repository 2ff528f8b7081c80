from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.retry import (
    LONGEST_ASKED,
    LONGEST_BACK_OFF,
    RETRY_DELAYS,
    back_off,
    retry_delay,
)

K = RefusalKind
PASSING = (K.RETRY_LATER, K.ACCOUNT)


@pytest.mark.parametrize("kind", [*(one for one in K if one not in PASSING), None])
def test_only_a_passing_fault_is_followed_by_another_text(
    kind: RefusalKind | None,
) -> None:
    assert retry_delay(kind, 0, None) is None


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize(
    ("retries", "asked", "wait"),
    [
        (0, None, timedelta(hours=1)),
        (1, None, timedelta(hours=4)),
        (2, None, None),
        (3, None, None),
        (0, 1800.0, timedelta(hours=1)),
        (0, 86_400.0, timedelta(days=1)),
        (1, 14_401.0, timedelta(seconds=14_401)),
        (2, 86_400.0, None),
    ],
)
def test_a_passing_fault_is_retried_twice_and_not_before_it_ends(
    retries: int, asked: float | None, wait: timedelta | None, kind: RefusalKind
) -> None:
    assert retry_delay(kind, retries, asked) == wait


def test_each_wait_is_longer_than_the_last() -> None:
    assert all(sooner < later for sooner, later in pairwise(RETRY_DELAYS))


@given(st.integers(1, 10_000), st.floats(0, 1), st.none() | st.floats(0, 1e6))
def test_a_back_off_lasts_as_long_as_asked_or_else_within_its_span(
    messages: int, chance: float, asked: float | None
) -> None:
    wait = back_off(messages, chance, asked)
    asked = min(asked or 0.0, LONGEST_ASKED)
    assert asked <= wait <= max(LONGEST_BACK_OFF, asked)


@pytest.mark.parametrize(
    ("messages", "chance", "wait"),
    [(1, 0.0, 1.0), (1, 1.0, 2.0), (2, 1.0, 4.0), (4, 0.5, 12.0), (12, 1.0, 3600.0)],
)
def test_the_first_retry_is_at_once_and_later_ones_spread_out(
    messages: int, chance: float, wait: float
) -> None:
    assert back_off(messages, chance, None) == wait
