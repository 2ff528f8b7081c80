"""The judge of the storm sees what it is there to see."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.chaos.ledger import Ledger, Message, Reminder
from tests.chaos.register import Permit
from tests.chaos.verdict import judge
from tests.chaos.witness import Witness

KEY = ("240000000001", "2024-07-01", "prepare")
PERMIT = Permit(KEY[0], date(2024, 7, 1), "+12125550101")
AT = datetime(2024, 3, 5, 2, tzinfo=UTC)


def form(ref: str) -> list[list[str]]:
    return [["StatusCallback", f"http://127.0.0.1:1/webhooks/sandbox/status?ref={ref}"]]


def created(ref: str, sid: str, to: str = PERMIT.phone, body: str = "x") -> Any:  # noqa: ANN401 - an event
    return {
        "event": "created",
        "direction": "outbound-api",
        "at": AT.isoformat(),
        "sid": sid,
        "status": "queued",
        "to": to,
        "body": body,
        "form": form(ref),
    }


def became(sid: str, status: str, code: int | None = None) -> Any:  # noqa: ANN401 - an event
    return {"event": "status", "sid": sid, "status": status, "error_code": code}


def struck(ref: str, fault: str, sid: str | None = None) -> Any:  # noqa: ANN401 - an event
    return {
        "event": "fault",
        "fault": fault,
        "on": "create",
        "at": AT.isoformat(),
        "sid": sid,
        "form": form(ref),
    }


def message(ref: str, sid: str | None, state: str) -> Message:
    return Message(ref, state, None, sid, AT, (KEY,))


def wrong(log: list[Any], *messages: Message, state: str = "sent") -> list[str]:
    """What the judge says of one permit's only reminder."""
    reason = None if state in {"sent", "delivered"} else "some reason"
    ledger = Ledger(
        {KEY: Reminder(KEY, state, reason)},
        {one.id: one for one in messages},
    )
    register = {PERMIT.number: PERMIT}
    return judge(Witness.of(log), ledger, register, date(2026, 1, 1)).lines


A, B = message("A", "S1", "accepted"), message("B", "S2", "accepted")
C = Message("C", "delivered", None, "S3", AT, ())


def after(code: int) -> list[Any]:
    """One that did not arrive, another's to the same phone that did, and one more."""
    return [
        created("A", "S1"),
        became("S1", "undelivered", code),
        created("C", "S3", body="y"),
        became("S3", "delivered"),
        created("B", "S2"),
    ]


@pytest.mark.parametrize(
    ("log", "messages"),
    [
        ([created("A", "S1")], [A]),
        ([created("A", "S1"), became("S1", "delivered")], [A]),
        ([struck("A", "latency"), created("A", "S1"), struck("A", "hang", "S1")], [A]),
        (
            [
                created("A", "S1"),
                became("S1", "undelivered", 30003),
                created("B", "S2"),
            ],
            [A, B],
        ),
        (
            [struck("B", "reset"), created("A", "S1")],
            [message("B", None, "not-accepted"), A],
        ),
        (
            [
                created("A", "S1"),
                became("S1", "undelivered", 30005),
                created("B", "S2", "+12125550102"),
            ],
            [A, B],
        ),
        (after(30005), [A, B, C]),
    ],
)
def test_promises_that_were_kept(log: list[Any], messages: list[Message]) -> None:
    assert wrong(log, *messages) == []


def _broken() -> Iterator[tuple[str, list[Any], list[Message], str]]:
    twice = [created("A", "S1"), created("B", "S2")]
    yield "texted twice", twice, [A, B], "sent"
    late = [*twice, became("S1", "undelivered", 30003)]
    yield "before the first had failed", late, [A, B], "sent"
    for_good = [created("A", "S1"), became("S1", "failed", 30007), created("B", "S2")]
    yield "again after 30007", for_good, [A, B], "sent"
    yield "again after 30007", after(30007), [A, B, C], "sent"
    dead = [created("A", "S1"), became("S1", "undelivered", 30005), created("B", "S2")]
    yield "again after 30005", dead, [A, B], "sent"
    many = [
        event
        for ref in "ABCD"
        for event in (created(ref, ref), became(ref, "undelivered", 30003))
    ]
    rows = [message(ref, ref, "undelivered") for ref in "ABCD"]
    yield "4 SMS", many, rows, "failed"
    yield "POSTed 2 times", [struck("A", "busy"), created("A", "S1")], [A], "sent"
    yield "no such message", [created("A", "S1"), struck("Z", "busy")], [A], "sent"
    yield "is bound to S2", [created("A", "S1")], [message("A", "S2", "sent")], "sent"
    given_up = message("A", "S1", "not-accepted")
    yield "was taken, is not-accepted", [created("A", "S1")], [given_up], "sent"
    yield "was never taken", [], [A], "sent"
    yield "nobody was texted", [], [], "delivered"
    yield "never ended, is due", [], [], "due"
    yield (
        "never ended, is uncertain",
        [],
        [message("A", None, "uncertain")],
        "uncertain",
    )
    yield "forgotten", [], [], "missed"
    yield "forgotten", [], [], "cancelled"


@pytest.mark.parametrize(("said", "log", "messages", "state"), list(_broken()))
def test_promises_that_were_broken(
    said: str, log: list[Any], messages: list[Message], state: str
) -> None:
    told = wrong(log, *messages, state=state)
    assert any(said in line for line in told), told


def test_a_permit_without_any_reminder_is_forgotten() -> None:
    ledger = Ledger({}, {})
    told = judge(Witness(), ledger, {KEY[0]: PERMIT}, date(2026, 1, 1))
    assert told.forgotten == [f"permit {KEY[0]}, 2024-07-01: forgotten"]
