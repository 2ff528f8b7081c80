"""What a storm may cost is counted, and one that costs more is found."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.sandbox.faults import (
    Broken,
    Busy,
    Fault,
    Hang,
    HiddenMessages,
    Latency,
    LostAnswer,
)
from tests.chaos.bounds import Costs, judge_costs, outages, posts_into, probes
from tests.chaos.ledger import Key, Ledger, Message
from tests.chaos.operator import Left
from tests.chaos.weather.outages import LIES, OUTAGES
from tests.chaos.witness import Witness

KEY: Key = ("240000000001", "2024-07-01", "prepare")
AT = datetime(2024, 3, 5, 2, tzinfo=UTC)
EMPTY = Ledger({}, {})
ALLOWED = 2 * (20 + 5)
"""POSTs into an outage, without any probe."""


def put(seconds: float, *faults: Fault) -> Any:  # noqa: ANN401 - an event
    at = (AT + timedelta(seconds=seconds)).isoformat()
    return {"event": "faults", "at": at, "faults": [one.as_json() for one in faults]}


def posted(seconds: float, count: int = 1) -> list[Any]:
    at = (AT + timedelta(seconds=seconds)).isoformat()
    url = "http://127.0.0.1:1/webhooks/sandbox/status?ref=A"
    form = [["StatusCallback", url]]
    event = {"event": "fault", "fault": "broken", "on": "create", "sid": None}
    return [event | {"at": at, "form": form}] * count


def wrong(
    log: Sequence[Any], ledger: Ledger = EMPTY, costs: Costs | None = None
) -> list[str]:
    return list(judge_costs(Witness.of(log), ledger, costs or Costs()))


@pytest.mark.parametrize(
    "faults", [*OUTAGES.values(), LIES["503, but taken, list hides a country"]]
)
def test_an_outage_is_a_time_in_which_every_post_fails(faults: Sequence[Fault]) -> None:
    log = [*posted(-1), put(0, *faults), *posted(1, 3), put(2), *posted(3, 5)]
    witness = Witness.of(log)
    [spell] = outages(witness)
    assert posts_into(spell, witness) == 3


@pytest.mark.parametrize(
    "fault",
    [
        Broken(share=0.5),
        Broken(on=("list",)),
        Busy(above=3),
        Hang(times=2),
        Hang(phone="+12025550100"),
        Latency(seconds=1),
        LostAnswer(),
    ],
)
def test_a_fault_of_some_posts_is_no_outage(fault: Fault) -> None:
    assert outages(Witness.of([put(0, fault), put(5)])) == []


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.1, 0), (0.2, 1), (0.5, 1), (0.6, 2), (3, 4), (15, 7)]
)
def test_an_open_circuit_is_probed_less_and_less_often(
    seconds: float, count: int
) -> None:
    assert probes(timedelta(seconds=seconds)) == count


def test_one_post_a_probe_goes_into_an_outage_after_those_under_way() -> None:
    outage = [put(0, Broken()), *posted(1, ALLOWED + 4), put(3)]
    assert wrong(outage) == []
    [line] = wrong([*outage[:-1], *posted(2), outage[-1]])
    assert f"{ALLOWED + 5} POSTs into it, expected {ALLOWED + 4}" in line


def test_a_kill_may_hide_what_a_worker_has_seen_of_an_outage() -> None:
    log = [put(0, Broken()), *posted(1, ALLOWED + 25 + 4), put(3)]
    assert wrong(log) != []
    assert wrong(log, costs=Costs(kills=[(AT + timedelta(seconds=2), 0)])) == []
    assert wrong(log, costs=Costs(kills=[(AT + timedelta(seconds=4), 0)])) != []


def left(*refs: str) -> Costs:
    decided_at = AT + timedelta(seconds=10)
    return Costs(left={ref: Left("absent again", decided_at) for ref in refs})


def ledger(*refs: str) -> Ledger:
    rows = [Message(ref, "not-accepted", None, None, AT, (KEY,)) for ref in refs]
    return Ledger({}, {one.id: one for one in rows})


def test_what_no_list_lied_about_is_not_left_to_people() -> None:
    [line] = wrong([put(-100, HiddenMessages()), put(-90)], ledger("A"), left("A"))
    assert "message A: left to a person (absent again)" in line


@pytest.mark.parametrize(
    "log",
    [
        [put(-100, HiddenMessages()), put(1)],
        [put(5, HiddenMessages())],
        [put(-100, HiddenMessages())],
    ],
)
def test_what_a_list_lied_about_may_be_left_to_people(log: list[Any]) -> None:
    assert wrong(log, ledger("A"), left("A")) == []


def test_what_nothing_else_vouches_for_may_be_left_to_people() -> None:
    why = "absent again: asked every hour; at 09:00 UTC, no other message to +1"
    why += " shown since 2024-03-05 09:00:00 UTC; its step ends"
    one = Left(why, AT)
    assert one.cause == "no other message to +1 shown; its step ends"
    assert wrong([], ledger("A"), Costs(left={"A": one})) == []


def test_what_ends_within_a_day_may_be_left_to_people() -> None:
    one = Left("absent again: an operator; its step ends within 24 hours", AT)
    assert wrong([], ledger("A"), Costs(left={"A": one})) == []


def test_the_third_message_of_a_reminder_may_be_left_to_people() -> None:
    assert wrong([], ledger("A", "B"), left("B")) != []
    assert wrong([], ledger("A", "B", "C"), left("C")) == []


def test_a_kill_leaves_forty_messages_under_way_at_most() -> None:
    assert wrong([], costs=Costs(kills=[(AT, 0), (AT, 40)])) == []
    [line] = wrong([], costs=Costs(kills=[(AT, 0), (AT, 41)]))
    assert "41 messages under way" in line
