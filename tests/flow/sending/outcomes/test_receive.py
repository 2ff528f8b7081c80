from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from service.domain.delivery.outcome import Accepted, RefusalKind, Refused
from service.domain.delivery.status import MessageState
from tests.flow.fakes import DiedError
from tests.flow.ledger import PREPARE, Ledger, permit, word
from tests.flow.once import Once

M = MessageState
FINAL = (M.DELIVERED, M.UNDELIVERED, M.FAILED, M.CANCELED)
TOLD = {M.DELIVERED: "delivered", M.READ: "delivered", M.UNDELIVERED: "failed"}


async def one_text(ledger: Ledger) -> None:
    """One message, accepted as SM1."""
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1


@pytest.fixture
async def sent(ledger: Ledger, once: Once) -> Ledger:
    """After `one_text`."""
    await once(one_text, ledger)
    return ledger


async def test_whatever_the_order_of_receipts_the_ledger_adds_up(sent: Ledger) -> None:
    """What each order comes to is in test_receive_orders.py."""
    orders = list(permutations((M.SENT, M.DELIVERED, M.UNDELIVERED, M.READ)))
    await sent.register(*(permit(f"SC-9{at:03}") for at in range(len(orders))))
    await sent.send()
    for at, order in enumerate(orders):
        await sent.receive(*(word(state, f"SM{at + 2}") for state in order))
    assert sent.states() == ["accepted", *["read"] * len(orders)]
    assert await sent.audit() == []


@pytest.mark.parametrize(("first", "second"), list(permutations(FINAL, 2)), ids=str)
async def test_the_first_final_word_is_final_unless_it_is_delivered_after_all(
    sent: Ledger, first: MessageState, second: MessageState
) -> None:
    moved = await sent.receive(word(first), word(second), word(M.SENT))
    assert moved == (2 if second is M.DELIVERED else 1)
    assert sent.states() == [M.DELIVERED if second is M.DELIVERED else first]
    assert sent.message()["final_at"] is not None
    assert await sent.audit() == []


@pytest.mark.parametrize("state", [M.ACCEPTED, M.SENT, M.DELIVERED, M.UNDELIVERED])
async def test_a_receipt_of_a_refused_message_corrects_it_and_raises_an_alarm(
    ledger: Ledger, state: MessageState
) -> None:
    ledger.provider.script = [Refused(RefusalKind.BAD_CONTENT, "1", "HTTP 400")]
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(PREPARE + timedelta(hours=1))
    await ledger.receive(word(state, ref=ledger.message()["id"]))
    assert ledger.states() == [state]
    assert ledger.reminders()["prepare"][0] == TOLD.get(state, "sent")
    assert ledger.alarms() == ["accepted after all"]
    assert await ledger.audit() == []


async def test_every_receipt_is_stored_raw_and_whether_it_moved_its_message(
    sent: Ledger,
) -> None:
    for state in (M.DELIVERED, M.DELIVERED, M.SENT):
        await sent.receive(word(state))
    rows = sent.rows("SELECT * FROM receipts ORDER BY id")
    assert [(row["state"], row["moved"]) for row in rows] == [
        ("delivered", 1),
        ("delivered", 0),
        ("sent", 0),
    ]
    assert rows[0]["raw"] == '{"MessageStatus": "delivered"}'


async def test_a_receipt_moves_its_message_but_not_the_day_it_counts_on(
    sent: Ledger,
) -> None:
    sent.clock.move_to(PREPARE + timedelta(days=2))
    await sent.receive(word(M.DELIVERED))
    [row] = sent.rows("SELECT * FROM reminders")
    assert row["sent_at"] == "2024-09-19 01:30:00.000000"
    assert sent.message()["final_at"] == "2024-09-21 01:30:00.000000"


@pytest.mark.parametrize("state", [M.ACCEPTED, M.SENT, M.DELIVERED, M.UNDELIVERED])
async def test_a_receipt_that_comes_before_our_own_record_binds_and_stays(
    ledger: Ledger, state: MessageState
) -> None:
    ledger.provider.script = [DiedError()]
    await ledger.register(permit())
    with pytest.raises(DiedError):
        await ledger.send_at(PREPARE)
    [posted] = ledger.provider.posted
    assert await ledger.receive(word(state, "SM7", ref=posted.id)) == 1
    owner = ledger.message()["owner"]
    await ledger.record(owner, [(posted, Accepted("SM7"))], PREPARE)
    assert ledger.states() == [state]
    assert ledger.message()["provider_id"] == "SM7"
    assert ledger.alarms() == []
    assert await ledger.audit() == []


async def test_an_unknown_status_is_stored_raw_and_changes_nothing(
    sent: Ledger,
) -> None:
    assert await sent.receive(word(None)) == 0
    assert sent.states() == ["accepted"]
    [row] = sent.rows("SELECT * FROM receipts")
    assert (row["state"], row["moved"]) == (None, 0)
    assert row["message_id"] == sent.message()["id"]
    assert await sent.audit() == []


@pytest.mark.parametrize("by", ["ref", "id", "both"])
async def test_a_receipt_finds_its_message_by_our_id_or_the_provider_s(
    sent: Ledger, by: str
) -> None:
    ref = None if by == "id" else sent.message()["id"]
    assert await sent.receive(word(M.DELIVERED, ref=ref)) == 1
    assert sent.states() == ["delivered"]


async def test_a_receipt_of_no_message_is_stored(sent: Ledger) -> None:
    strange = word(M.DELIVERED, "SM99", ref=str(uuid4()))
    assert await sent.receive(strange, word(M.DELIVERED, "SM98")) == 0
    rows = sent.rows("SELECT * FROM receipts")
    assert [row["message_id"] for row in rows] == [None, None]
    assert await sent.audit() == []


async def test_a_ref_that_is_no_id_finds_nothing(sent: Ledger) -> None:
    assert await sent.receive(word(M.DELIVERED, "SM99", ref="' OR 1=1")) == 0
    assert sent.states() == ["accepted"]


async def test_a_second_provider_id_is_stored_raises_an_alarm_and_moves_nothing(
    sent: Ledger,
) -> None:
    ref = sent.message()["id"]
    assert await sent.receive(word(M.DELIVERED, "SM2", ref=ref)) == 0
    assert sent.alarms() == ["second provider id"]
    assert sent.states() == ["accepted"]
    assert sent.message()["provider_id"] == "SM1"
    [kept] = sent.rows("SELECT * FROM receipts")
    assert kept["provider_id"] == "SM2"
    [told] = await sent.audit()
    assert told.startswith("receipt for another id than its message has")


@pytest.mark.parametrize(
    ("kind", "column", "ended"),
    [
        (RefusalKind.OPTED_OUT, "opted_out_at", ("failed", "opted out")),
        (RefusalKind.BAD_NUMBER, "unreachable_at", ("failed", "undelivered")),
        (RefusalKind.RETRY_LATER, None, ("retrying", "retry-later 30005")),
    ],
)
async def test_a_failed_delivery_marks_its_phone_as_its_reason_says(
    sent: Ledger, kind: RefusalKind, column: str | None, ended: tuple[str, str]
) -> None:
    await sent.receive(word(M.UNDELIVERED, kind=kind, code="30005"))
    [phone] = sent.rows("SELECT opted_out_at, unreachable_at FROM recipients")
    assert {name for name, at in phone.items() if at} == {column} - {None}
    assert sent.message()["code"] == "30005"
    assert sent.reminders() == {"prepare": ended}


async def test_a_receipt_that_refuses_the_account_opens_the_breaker(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    refused = word(MessageState.FAILED, kind=RefusalKind.ACCOUNT, code="30002")
    await ledger.receive(refused)
    assert [row["scope"] for row in ledger.rows("SELECT * FROM pauses")] == ["all"]
