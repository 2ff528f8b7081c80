from dataclasses import replace

import pytest

from service.domain.delivery.circuit import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MAX_FAILURES,
    Circuit,
    CircuitState,
    PostEvidence,
)
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)

K = RefusalKind
YES, LOST = Accepted("SM1"), Unknown("HTTP 503")
DOWN = Refused(K.RETRY_SAFE, "connect", "ClientConnectorError", is_outage=True)
CROWDED = Refused(K.RETRY_SAFE, "20429", "HTTP 429", over_concurrency=True)
NO = Refused(K.BAD_NUMBER, "21211", "HTTP 400")
QUEUE_IS_FULL = Refused(K.RETRY_SAFE, "21611", "HTTP 400", retry_after=600.0)
AT_ONCE, ALONE = False, True


def evidence(*outcomes: Outcome, alone: bool = AT_ONCE) -> PostEvidence:
    return PostEvidence.of((one, alone) for one in outcomes)


@pytest.mark.parametrize(
    ("outcomes", "opens"),
    [
        ([LOST] * (MAX_FAILURES - 1), False),
        ([LOST] * MAX_FAILURES, True),
        ([DOWN] * MAX_FAILURES, True),
        ([LOST, DOWN] * 3, True),
        ([YES, *[LOST] * MAX_FAILURES], True),
        ([*[LOST] * MAX_FAILURES, YES], False),
        ([*[LOST] * (MAX_FAILURES - 1), NO, LOST], False),
        ([*[LOST] * (MAX_FAILURES - 1), NotPosted(), LOST], True),
        ([CROWDED] * 20, False),
        ([NO] * 20, False),
        ([QUEUE_IS_FULL] * 20, False),
    ],
)
def test_five_failures_in_a_row_open_it(
    outcomes: list[Outcome], *, opens: bool
) -> None:
    after = Circuit().after_posts(evidence(*outcomes))
    assert after.is_closed is not opens
    assert after.generation == int(opens)


def test_failures_of_several_rounds_add_up() -> None:
    circuit = Circuit()
    for _ in range(MAX_FAILURES - 1):
        circuit = circuit.after_posts(evidence(LOST))
        assert circuit.is_closed
    assert circuit.after_posts(evidence(YES)).failures == 0
    assert not circuit.after_posts(evidence(LOST)).is_closed


def test_a_provider_that_refuses_even_one_at_a_time_is_out() -> None:
    crowded = evidence(*[CROWDED] * MAX_FAILURES, alone=ALONE)
    assert not Circuit().after_posts(crowded).is_closed


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (FIRST_WAIT, None),
        (FIRST_WAIT + 1, FIRST_WAIT + 1),
        (315_360_000.0, LONGEST_WAIT),
    ],
)
def test_a_provider_that_asks_for_a_long_rest_gets_ten_minutes_at_most(
    asked: float, waits: float | None
) -> None:
    after = Circuit().after_posts(evidence(replace(CROWDED, retry_after=asked)))
    assert (None if after.is_closed else after.wait_seconds) == waits


def test_each_failed_probe_doubles_the_wait_up_to_ten_minutes() -> None:
    circuit = Circuit().after_posts(evidence(*[LOST] * MAX_FAILURES))
    waits = [circuit.wait_seconds]
    for _ in range(6):
        circuit = circuit.half_open().after_posts(evidence(LOST))
        assert circuit.state is CircuitState.OPEN
        waits.append(circuit.wait_seconds)
    assert waits == [30, 60, 120, 240, 480, 600, 600]


@pytest.mark.parametrize("answer", [YES, NO])
def test_an_answered_probe_closes_it(answer: Outcome) -> None:
    opened = Circuit().after_posts(evidence(*[LOST] * MAX_FAILURES))
    closed = opened.half_open().after_posts(evidence(answer))
    assert (closed.state, closed.wait_seconds) == (CircuitState.CLOSED, FIRST_WAIT)
    assert closed.generation == opened.generation + 1
    assert closed.reason is None


def test_a_probe_that_was_not_posted_changes_nothing() -> None:
    half_open = replace(Circuit(), state=CircuitState.HALF_OPEN)
    assert half_open.after_posts(evidence(NotPosted())) == half_open


def test_waits_follow_a_shorter_first_one() -> None:
    circuit = Circuit(wait_seconds=0.2, first_wait=0.2)
    circuit = circuit.after_posts(evidence(*[LOST] * MAX_FAILURES))
    for _ in range(10):
        circuit = circuit.after_failed_probe()
    assert circuit.wait_seconds == pytest.approx(4.0)
