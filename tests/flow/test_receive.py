from datetime import timedelta
from itertools import permutations, product
from typing import Any
from uuid import uuid4

import pytest

from service.domain.outcome import Accepted, RefusalKind, Refused
from service.domain.status import RANK, MessageState
from tests.flow.fakes import DiedError
from tests.flow.ledger import LAST_CALL, PHONE_1, PHONE_2, PREPARE, Ledger, permit, word

M = MessageState
FINAL = (M.DELIVERED, M.UNDELIVERED, M.FAILED, M.CANCELED)
TOLD = {M.DELIVERED: "delivered", M.READ: "delivered", M.UNDELIVERED: "failed"}


def shuffled(*states: MessageState, length: int) -> list[tuple[MessageState, ...]]:
    """All orders of these states with repetitions, each state at least once."""
    orders = product(states, repeat=length)
    return [one for one in orders if set(one) == set(states)]


@pytest.fixture
async def sent(ledger: Ledger) -> Ledger:
    """One message, accepted as SM1."""
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    return ledger


ORDERS = [
    order
    for states in (
        (M.ACCEPTED, M.SENT, M.DELIVERED),
        (M.SENT, M.UNDELIVERED, M.DELIVERED),
        (M.SENT, M.DELIVERED, M.READ),
        (M.UNDELIVERED, M.READ),
    )
    for order in (
        *permutations(states),
        *shuffled(*states, length=4),
    )
]


async def test_receipts_in_any_order_and_number_end_in_one_state(
    sent: Ledger,
) -> None:
    """One ledger for all: each order is a message of its own."""
    await sent.register(*(permit(f"SC-9{at:03}") for at in range(len(ORDERS))))
    await sent.send()
    for at, order in enumerate(ORDERS):
        await sent.receive(*(word(state, f"SM{at + 2}") for state in order))
    rows = {row["provider_id"]: row for row in sent.rows("SELECT * FROM messages")}
    reminders = {
        row["message_id"]: row["state"] for row in sent.rows("SELECT * FROM reminders")
    }
    for at, order in enumerate(ORDERS):
        best = max(order, key=RANK.__getitem__)
        message = rows[f"SM{at + 2}"]
        assert message["state"] == best, order
        assert message["rank"] == RANK[best]
        assert reminders[message["id"]] == TOLD[best], order
    assert len(ORDERS) > 50
    assert await sent.audit() == []


@pytest.mark.parametrize(("first", "second"), list(permutations(FINAL, 2)), ids=str)
async def test_the_first_final_word_is_final(
    sent: Ledger, first: MessageState, second: MessageState
) -> None:
    assert await sent.receive(word(first), word(second), word(M.SENT)) == 1
    assert sent.states() == [first]
    assert sent.message()["final_at"] is not None
    assert await sent.audit() == []


@pytest.mark.parametrize("state", [M.ACCEPTED, M.SENT, M.DELIVERED, M.UNDELIVERED])
async def test_a_word_on_a_refused_message_tells_the_truth_and_alarms(
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


async def test_every_receipt_is_kept_raw_with_whether_it_moved(sent: Ledger) -> None:
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
    await ledger.messages.record(owner, [(posted, Accepted("SM7"))], PREPARE)
    assert ledger.states() == [state]
    assert ledger.message()["provider_id"] == "SM7"
    assert ledger.alarms() == []
    assert await ledger.audit() == []


async def test_a_status_nobody_knows_is_kept_raw_and_changes_nothing(
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


async def test_a_receipt_for_nobody_is_kept(sent: Ledger) -> None:
    strange = word(M.DELIVERED, "SM99", ref=str(uuid4()))
    assert await sent.receive(strange, word(M.DELIVERED, "SM98")) == 0
    rows = sent.rows("SELECT * FROM receipts")
    assert [row["message_id"] for row in rows] == [None, None]
    assert await sent.audit() == []


async def test_a_ref_that_is_no_id_finds_nothing(sent: Ledger) -> None:
    assert await sent.receive(word(M.DELIVERED, "SM99", ref="' OR 1=1")) == 0
    assert sent.states() == ["accepted"]


async def test_a_second_provider_id_is_kept_and_alarms_and_moves_nothing(
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
    ("kind", "column"),
    [
        (RefusalKind.OPTED_OUT, "opted_out_at"),
        (RefusalKind.BAD_NUMBER, "unreachable_at"),
        (RefusalKind.RETRY_LATER, None),
    ],
)
async def test_a_failed_delivery_marks_what_it_says_of_the_phone(
    sent: Ledger, kind: RefusalKind, column: str | None
) -> None:
    await sent.receive(word(M.UNDELIVERED, kind=kind, code="30005"))
    [phone] = sent.rows("SELECT opted_out_at, unreachable_at FROM recipients")
    assert {name for name, at in phone.items() if at} == {column} - {None}
    assert sent.message()["code"] == "30005"
    assert sent.reminders() == {"prepare": ("failed", "undelivered")}


async def test_polling_asks_after_messages_without_a_final_word(sent: Ledger) -> None:
    sent.provider.become(M.DELIVERED)
    assert await sent.poll(grace=timedelta(hours=1)) == 0, "callbacks still may come"
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    assert await sent.poll(grace=timedelta(hours=1)) == 1
    assert sent.states() == ["delivered"]
    assert await sent.poll() == 0
    assert await sent.audit() == []


async def test_polling_writes_no_word_that_says_nothing_new(sent: Ledger) -> None:
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    assert await sent.poll() == 0
    sent.provider.deaf = True
    assert await sent.poll() == 0
    assert sent.rows("SELECT * FROM receipts") == []


async def test_after_three_days_nobody_asks_any_more(sent: Ledger) -> None:
    sent.provider.become(M.DELIVERED)
    sent.clock.move_to(PREPARE + timedelta(hours=72, seconds=1))
    assert await sent.poll() == 0


async def test_stop_ends_what_is_due_and_start_reopens_it(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    await ledger.expand(PREPARE)
    assert await ledger.hear("退订")
    assert ledger.reminders() == {"prepare": ("suppressed", "opted out")}
    assert ledger.reminders("SC-0002") == {"prepare": ("due", None)}
    assert await ledger.send() == 1
    assert await ledger.hear("Start.", sid="IN2")
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert await ledger.send() == 1
    assert await ledger.audit() == []


async def test_who_opted_out_is_never_texted_however_late_a_permit_comes(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.hear("STOP")
    assert await ledger.send_at(PREPARE) == 0
    await ledger.register(permit("SC-0002", phones=(PHONE_1,)))
    assert await ledger.send_at(LAST_CALL) == 0
    assert ledger.provider.posted == []
    assert await ledger.audit() == []


async def test_the_same_text_heard_twice_counts_once(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.hear("STOP", sid="IN1")
    assert await ledger.hear("START", sid="IN2")
    assert not await ledger.hear("STOP", sid="IN1"), "a repeat is no new wish"
    assert await ledger.send_at(PREPARE) == 1


@pytest.mark.parametrize("body", ["thank you", "stop please", "", "👍"])
async def test_other_words_are_kept_and_change_nothing(
    ledger: Ledger, body: str
) -> None:
    await ledger.register(permit())
    assert await ledger.hear(body)
    [kept] = ledger.rows("SELECT * FROM inbounds")
    assert kept["intent"] is None
    assert ledger.vault.open(kept["body"], "inbounds.body") == body
    assert await ledger.send_at(PREPARE) == 1


async def test_a_stop_from_a_stranger_is_kept(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.hear("STOP", "+12125550199")
    [kept] = ledger.rows("SELECT * FROM inbounds")
    assert (kept["recipient_id"], kept["intent"]) == (None, "stop")
    rows: list[dict[str, Any]] = ledger.rows("SELECT * FROM recipients")
    assert [row["opted_out_at"] for row in rows] == [None]
    assert ledger.phone_of(PHONE_1) == rows[0]["digest"]


async def test_a_receipt_that_refuses_the_account_opens_the_breaker(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    refused = word(MessageState.FAILED, kind=RefusalKind.ACCOUNT, code="30002")
    await ledger.receive(refused)
    assert [row["scope"] for row in ledger.rows("SELECT * FROM pauses")] == ["all"]
