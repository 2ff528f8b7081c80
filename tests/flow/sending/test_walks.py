"""The walks that docs/architecture.md shows are the ways that the code takes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

from service.adapters.store.sending.receive import SqlReceiveStore
from service.domain.delivery.outcome import RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from service.flow.sending.outcomes.receipt_batches import ReceiptBatches
from tests.docs.walks import WALKS
from tests.flow.ledger import LANDLINE, PREPARE, Ledger, permit, word

Call = tuple[str, str]
"""A file below service/ and a function in it, with its class."""


@contextmanager
def calls_of_service() -> Iterator[list[Call]]:
    """Every function of service/ that begins, in order."""
    calls = list[Call]()

    def note(frame: FrameType, event: str, _: object) -> None:
        _, found, file = frame.f_code.co_filename.rpartition("/service/")
        if event == "call" and found:
            calls.append((file, frame.f_code.co_qualname))

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def documented(walk: str) -> list[Call]:
    """The functions of a walk, but for those of HTTP, which these tests do not use."""
    return [
        (file, function)
        for file, functions in WALKS[walk]
        for function in functions
        if not file.startswith(("web/", "adapters/twilio/"))
    ]


def in_order_of_first_call(walk: str, calls: list[Call]) -> list[Call]:
    """The functions of a walk that were called, in the order in which they began."""
    return [one for one in dict.fromkeys(calls) if one in documented(walk)]


async def test_a_permit_is_registered_as_the_page_says(ledger: Ledger) -> None:
    with calls_of_service() as calls:
        await ledger.register(permit())
    expected = [one for one in documented("Register") if one[1] != "permit_from"]
    assert in_order_of_first_call("Register", calls) == expected


async def test_reminders_are_claimed_as_the_page_says(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002", phones=(LANDLINE,)))
    await ledger.expand(PREPARE)
    with calls_of_service() as calls:
        await ledger.send()
    assert in_order_of_first_call("Claim", calls) == documented("Claim")


async def test_outcomes_are_recorded_as_the_page_says(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.expand(PREPARE)
    ledger.provider.script = [Refused(RefusalKind.RETRY_SAFE, "20429", "HTTP 429")]
    with calls_of_service() as calls:
        await ledger.send()
    posted = calls.index(("flow/sending/post.py", "Poster.post"))
    begun = calls.index(
        ("adapters/store/sending/claim/begin_messages.py", "begin_messages")
    )
    assert in_order_of_first_call("Begin", calls[posted:]) == documented("Begin")
    assert in_order_of_first_call("Record", calls[begun:]) == documented("Record")


async def test_a_receipt_is_received_as_the_page_says(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.send_at(PREPARE)
    failed = word(MessageState.FAILED, "SM2", code="30007")
    batches = ReceiptBatches(SqlReceiveStore(ledger.database), ledger.clock)
    with calls_of_service() as calls:
        await batches.receive(word(MessageState.DELIVERED))
        await batches.receive(failed)
    assert in_order_of_first_call("Receive", calls) == documented("Receive")


async def test_unknown_outcomes_are_settled_as_the_page_says(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.expand(PREPARE)
    ledger.provider.script = [Unknown("timeout"), Unknown("timeout")]
    ledger.provider.lost = True
    await ledger.send()
    ledger.provider.taken.pop()
    with calls_of_service() as calls:
        for _ in range(2):
            await ledger.settle(timedelta())
    called = in_order_of_first_call("Settle", calls)
    assert called[:3] == documented("Settle")[:3]
    assert {*called} == {*documented("Settle")}
