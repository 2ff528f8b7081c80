import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sandbox.faults import Busy, Fault, Hang, LostCallbacks, Reset, Target
from service.sandbox.faults.active import ActiveFaults
from service.sandbox.sleep import interruptible_sleep

CREATE = Target("create", phone="+12025550100", body="Renew soon.", in_flight=1)


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def hits(clock: list[float]) -> Callable[..., list[bool]]:
    """Return, for each target in a row, whether the fault strikes it."""

    def strike(fault: Fault, *targets: Target) -> list[bool]:
        trouble = ActiveFaults([fault], lambda: clock[0])
        return [bool([*trouble.strike(Fault, one)]) for one in targets]

    return strike


Hits = Callable[..., list[bool]]


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Reset(), [1, 1, 1, 1, 1, 1]),
        (Reset(times=2), [1, 1, 0, 0, 0, 0]),
        (Reset(every=3), [0, 0, 1, 0, 0, 1]),
        (Reset(every=2, times=2), [0, 1, 0, 1, 0, 0]),
    ],
)
def test_a_fault_strikes_as_often_as_it_says(
    hits: Hits, fault: Fault, struck: list[int]
) -> None:
    assert hits(fault, *[CREATE] * 6) == [*map(bool, struck)]


@pytest.mark.parametrize(
    ("fault", "target", "struck"),
    [
        (Reset(phone="+12025550100"), CREATE, True),
        (Reset(phone="+1202555010"), CREATE, False),
        (Reset(body="soon"), CREATE, True),
        (Reset(body="^soon"), CREATE, False),
        (Reset(phone="+12025550100", body="late"), CREATE, False),
        (Reset(on=("list",)), CREATE, False),
        (Reset(on=("list", "create")), CREATE, True),
        (LostCallbacks(), CREATE, False),
        (LostCallbacks(), Target("status"), True),
        (LostCallbacks(), Target("inbound"), False),
        (Busy(above=0), CREATE, True),
        (Busy(above=1), CREATE, False),
    ],
)
def test_a_fault_strikes_only_what_it_is_aimed_at(
    hits: Hits, fault: Fault, target: Target, *, struck: bool
) -> None:
    assert hits(fault, target) == [struck]


def test_what_it_is_not_aimed_at_does_not_count(hits: Hits) -> None:
    other = Target("create", phone="+12025550101")
    fault = Reset(phone="+12025550100", every=2, times=1)
    struck = hits(fault, other, CREATE, other, CREATE, CREATE, CREATE)
    assert struck == [False, False, False, True, False, False]


@given(share=st.floats(0.01, 1), seed=st.integers(-(2**63), 2**63 - 1))
def test_a_share_strikes_the_same_with_the_same_seed(share: float, seed: int) -> None:
    def struck() -> list[int]:
        trouble = ActiveFaults([Reset(share=share, seed=seed)])
        return [len([*trouble.strike(Reset, CREATE)]) for _ in range(50)]

    assert struck() == struck()


def test_a_share_is_about_what_it_says() -> None:
    trouble = ActiveFaults([Reset(share=0.2, seed=5)])
    struck = sum(len([*trouble.strike(Reset, CREATE)]) for _ in range(2000))
    assert 350 < struck < 450
    [told] = trouble.as_json()
    assert (told["met"], told["struck"]) == (2000, struck)


def test_a_fault_ends_with_its_time(clock: list[float]) -> None:
    clock[0] = 100
    trouble = ActiveFaults([Reset(lasts=5)], lambda: clock[0])
    found = []
    for clock[0] in (100, 104.9, 105, 200):
        found.append(
            (len([*trouble.strike(Reset, CREATE)]), trouble.as_json()[0]["over"])
        )
    assert found == [(1, False), (1, False), (0, True), (0, True)]


def test_a_fault_is_over_when_its_number_is_used_up() -> None:
    trouble = ActiveFaults([Reset(times=1)])
    assert not trouble.as_json()[0]["over"]
    assert [*trouble.strike(Reset, CREATE)]
    assert trouble.as_json() == [
        {"fault": "reset", "times": 1, "met": 1, "struck": 1, "over": True}
    ]


def test_only_the_asked_kind_of_fault_counts_a_target() -> None:
    trouble = ActiveFaults([Reset(), Hang()])
    assert [one.fault for one in trouble.strike(Hang, CREATE)] == [Hang()]
    assert [one["met"] for one in trouble.as_json()] == [0, 1]


async def test_new_faults_release_whatever_waits_for_the_old_ones() -> None:
    trouble = ActiveFaults([Hang()])
    [old] = trouble.strike(Hang, CREATE)
    waiting = asyncio.create_task(interruptible_sleep(3600, trouble.lifted))
    trouble.replace([Reset()])
    await waiting
    assert old.lifted.is_set()
    [new] = trouble.strike(Reset, CREATE)
    assert not new.lifted.is_set()
