import pytest

from service.domain.delivery.breaker import (
    COUNTED_KINDS,
    MAX_JUDGED,
    MIN_JUDGED,
    JudgedMessage,
    trip_reason,
)
from service.domain.delivery.outcome import RefusalKind

FINE = JudgedMessage()
CONTENT = JudgedMessage(RefusalKind.BAD_CONTENT, "30007")
ROUTE = JudgedMessage(RefusalKind.ROUTE, "21408")
NUMBER = JudgedMessage(RefusalKind.BAD_NUMBER, "21211")
NAMELESS = JudgedMessage(RefusalKind.ROUTE)


@pytest.mark.parametrize(
    ("wrong", "fine", "trips"),
    [
        (0, 0, False),
        (19, 0, False),
        (20, 0, True),
        (10, 10, True),
        (10, 11, False),
        (9, 11, False),
        (25, 25, True),
        (24, 26, False),
        (50, 0, True),
    ],
)
def test_failures_of_half_of_the_latest_texts_trip_the_breaker(
    wrong: int, fine: int, *, trips: bool
) -> None:
    latest = [FINE] * fine + [CONTENT] * wrong
    assert (trip_reason(latest) is not None) is trips


def test_only_the_newest_are_judged() -> None:
    assert trip_reason([FINE] * MAX_JUDGED + [CONTENT] * 500) is None
    assert trip_reason([CONTENT] * MAX_JUDGED + [FINE] * 500) is not None


@pytest.mark.parametrize("kind", RefusalKind)
def test_opt_outs_and_passing_faults_never_trip_the_breaker(kind: RefusalKind) -> None:
    reason = trip_reason([JudgedMessage(kind, "1")] * MIN_JUDGED)
    assert (reason is not None) is (kind in COUNTED_KINDS)


def test_the_reason_names_the_figures_and_the_most_frequent_failure() -> None:
    latest = [ROUTE, NUMBER, *[CONTENT] * 9, *[FINE] * 10]
    assert trip_reason(latest) == (
        "11 of the last 21 texts were refused or failed for their wording, route or "
        "number; most often bad-content 30007, 9 times"
    )
    assert str(trip_reason([NAMELESS] * MIN_JUDGED)).endswith(
        "most often route without a code, 20 times"
    )
