from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.domain.delivery.concurrency import Pace

MOST = st.integers(1, 40)


def many(pace: Pace, count: int) -> Pace:
    for _ in range(count):
        pace = pace.went_well()
    return pace


def test_it_begins_with_the_most_and_never_exceeds_it() -> None:
    assert many(Pace.of(20), 100).room(0) == 20


def test_an_objection_halves_it() -> None:
    assert Pace.of(20).crowded(begun_at=1, now=2).room(3) == 10


def test_those_refused_together_halve_it_once() -> None:
    pace = Pace.of(20)
    for begun_at in (1, 1.5, 2):
        pace = pace.crowded(begun_at, now=2)
    assert pace.room(3) == 10
    assert pace.crowded(begun_at=2.5, now=3).room(4) == 5


def test_one_is_always_let_through() -> None:
    pace = Pace.of(20)
    for at in range(1, 50):
        pace = pace.crowded(at, at)
    assert pace.room(50) == 1


def test_a_round_that_went_well_adds_one() -> None:
    pace = Pace.of(20).crowded(1, 2)
    assert many(pace, 9).room(3) == 10
    assert many(pace, 11).room(3) == 11


def test_nothing_goes_out_until_the_wait_is_over() -> None:
    pace = Pace.of(20).crowded(begun_at=1, now=2, wait=30)
    assert [pace.room(at) for at in (2, 31.9, 32)] == [0, 0, 10]


def test_a_shorter_wait_does_not_cut_a_longer_one_short() -> None:
    pace = Pace.of(20).crowded(1, 2, wait=30).crowded(1, 3, wait=1)
    assert [pace.room(at) for at in (31, 32)] == [0, 10]


@given(MOST, st.lists(st.booleans(), max_size=300))
def test_it_stays_between_one_and_the_most(most: int, answers: list[bool]) -> None:
    pace = Pace.of(most)
    for at, taken in enumerate(answers, 1):
        pace = pace.went_well() if taken else pace.crowded(at, at)
        assert 1 <= pace.room(at) <= most


@given(MOST, st.integers(1, 10))
def test_it_comes_back_to_the_most(most: int, objections: int) -> None:
    pace = Pace.of(most)
    for at in range(1, objections + 1):
        pace = pace.crowded(at, at)
    widths = [pace.width]
    for _ in range(most * most + most):
        pace = pace.went_well()
        widths.append(pace.width)
    assert pace.room(objections) == most
    assert all(one <= other for one, other in pairwise(widths))
