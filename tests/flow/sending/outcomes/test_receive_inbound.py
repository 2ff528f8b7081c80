"""Texts to us: kept whatever they say, and heeded where they stop or start."""

import json
from datetime import timedelta

import pytest

from service.domain.delivery.outcome import RefusalKind, Refused
from service.domain.delivery.status import MessageState
from service.flow.permits.encryption import PHONE_COLUMN
from tests.flow.ledger import (
    LAST_CALL,
    PHONE_1,
    PHONE_2,
    PREPARE,
    Ledger,
    lost,
    permit,
    word,
)

UNREACHED = ("suppressed", "no reachable number")


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


async def test_an_opted_out_phone_is_never_texted_however_late_a_permit_comes(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.hear("STOP")
    assert await ledger.send_at(PREPARE) == 0
    await ledger.register(permit("SC-0002", phones=(PHONE_1,)))
    assert await ledger.send_at(LAST_CALL) == 0
    assert ledger.provider.posted == []
    assert await ledger.audit() == []


async def test_the_same_inbound_text_received_twice_counts_once(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.hear("STOP", sid="IN1")
    assert await ledger.hear("START", sid="IN2")
    assert not await ledger.hear("STOP", sid="IN1"), "a repeat is no new wish"
    assert await ledger.send_at(PREPARE) == 1


@pytest.mark.parametrize("body", ["thank you", "stop it", "", "👍"])
async def test_other_texts_are_stored_and_change_nothing(
    ledger: Ledger, body: str
) -> None:
    await ledger.register(permit())
    assert await ledger.hear(body)
    [kept] = ledger.rows("SELECT * FROM inbounds")
    assert kept["intent"] is None
    assert ledger.vault.decrypt(kept["body"], "inbounds.body") == body
    assert await ledger.send_at(PREPARE) == 1


async def test_a_stop_from_a_stranger_holds_when_a_register_brings_the_phone(
    ledger: Ledger,
) -> None:
    assert await ledger.hear("STOP", PHONE_2)
    [phone] = ledger.rows("SELECT * FROM recipients")
    assert phone["digest"] == ledger.phone_of(PHONE_2)
    assert ledger.vault.decrypt(phone["phone"], PHONE_COLUMN) == PHONE_2
    assert (phone["masked"], phone["line"]) == ("+1212***0102", "mobile")
    assert (phone["opted_out_at"], phone["opted_out_by"]) == (
        *("2024-09-01 00:00:00.000000", "inbound"),
    )
    [kept] = ledger.rows("SELECT * FROM inbounds")
    assert (kept["recipient_id"], kept["intent"]) == (phone["id"], "stop")
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    assert await ledger.send_at(PREPARE) == 1
    assert ledger.reminders("SC-0002") == {"prepare": ("suppressed", "opted out")}
    assert await ledger.hear("START", PHONE_2, "IN2")
    assert await ledger.send() == 1
    assert await ledger.audit() == []


@pytest.mark.parametrize("body", ["START", "hello", "R"])
async def test_other_texts_from_strangers_are_stored_with_their_phone(
    ledger: Ledger, body: str
) -> None:
    assert await ledger.hear(body, PHONE_2)
    [kept] = ledger.rows("SELECT * FROM inbounds")
    assert ledger.vault.decrypt(kept["body"], "inbounds.body") == body
    [phone] = ledger.rows("SELECT * FROM recipients")
    assert (kept["recipient_id"], phone["opted_out_at"]) == (phone["id"], None)
    assert ledger.vault.decrypt(phone["phone"], PHONE_COLUMN) == PHONE_2
    await ledger.register(permit("SC-0002", phones=(PHONE_2,)))
    assert await ledger.send_at(PREPARE) == 1
    assert await ledger.audit() == []


@pytest.mark.parametrize("sender", ["12345", "LINJIANG", "", "+1\ufffd"])
async def test_a_stop_from_a_sender_that_is_no_number_counts_all_the_same(
    ledger: Ledger, sender: str
) -> None:
    assert await ledger.hear("STOP", sender)
    [phone] = ledger.rows("SELECT * FROM recipients")
    assert phone["line"] == "invalid"
    assert phone["opted_out_by"] == "inbound"


async def test_a_letter_counts_after_a_text_that_offered_it(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    assert await ledger.hear("R", PHONE_1, "IN1"), "nothing was sent to it yet"
    assert await ledger.send_at(PREPARE) == 2
    assert ledger.provider.posted[0].body.endswith("拒收请回复R")
    assert await ledger.hear("T", PHONE_1, "IN2"), "another letter"
    assert await ledger.hear("回复R", PHONE_1, "IN3")
    intents = ledger.rows("SELECT intent FROM inbounds ORDER BY provider_id")
    assert [row["intent"] for row in intents] == [None, None, "stop"]
    assert await ledger.send_at(LAST_CALL) == 1, "the other phone's"


async def test_a_letter_answers_the_last_text_only(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    assert await ledger.send_at(LAST_CALL) == 1
    ledger.tamper(
        "UPDATE messages SET body = '退订请回复T' WHERE claimed_at > '2024-10-01'"
    )
    assert await ledger.hear("R", sid="IN1")
    assert await ledger.hear("T", sid="IN2")
    intents = ledger.rows("SELECT intent FROM inbounds ORDER BY provider_id")
    assert [row["intent"] for row in intents] == [None, "stop"]


async def test_a_letter_answers_the_last_reminder_whatever_test_came_after_it(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    ledger.clock.move_to(PREPARE + timedelta(minutes=5))
    await ledger.send_test(PHONE_1)
    assert await ledger.hear("R")
    assert await ledger.send_at(LAST_CALL) == 0
    assert ledger.reminders()["last-call"] == ("suppressed", "opted out")


async def test_a_letter_answers_no_text_that_was_never_out(ledger: Ledger) -> None:
    ledger.provider.script = [Refused(RefusalKind.BAD_CONTENT, "21617", "HTTP 400")]
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    assert ledger.states() == ["refused"]
    assert await ledger.hear("R")
    [kept] = ledger.rows("SELECT intent FROM inbounds")
    assert kept["intent"] is None


@pytest.mark.parametrize(
    ("body", "opt_out", "intent"),
    [
        *(("不要了", "stop", "stop"), ("again", "start", "start")),
        *(("HELP", "help", None), ("STOP", "help", None)),
        *(("STOP", "pause", "stop"), ("later", "pause", None)),
    ],
)
async def test_an_opt_out_that_the_provider_reports_is_applied(
    ledger: Ledger, body: str, opt_out: str, intent: str | None
) -> None:
    await ledger.register(permit())
    assert await ledger.hear(body, opt_out=opt_out)
    [kept] = ledger.rows("SELECT intent FROM inbounds")
    assert kept["intent"] == intent
    assert await ledger.send_at(PREPARE) == (intent != "stop")


async def test_an_unknown_opt_out_type_is_logged_once(ledger: Ledger) -> None:
    reading = "PAUSE +12125550101"
    assert await ledger.hear("later", opt_out=reading)
    assert not await ledger.hear("later", opt_out=reading)
    assert ledger.alarms() == ["unknown opt-out type"]
    [noted] = ledger.rows("SELECT detail FROM actions WHERE by = 'service'")
    assert json.loads(noted["detail"]) == {
        "inbound": "IN1",
        "said": "PAUSE +1212***0101",
    }


async def test_a_second_stop_changes_nothing(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.hear("STOP", sid="IN1")
    before = ledger.rows("SELECT * FROM recipients")
    ledger.clock.move_to(PREPARE)
    await ledger.hear("退订", sid="IN2")
    assert ledger.rows("SELECT * FROM recipients") == before
    assert len(ledger.rows("SELECT * FROM inbounds")) == 2


@pytest.mark.parametrize("body", ["hello", "START"])
async def test_a_phone_that_writes_can_be_reached_again(
    ledger: Ledger, body: str
) -> None:
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    await ledger.expand(PREPARE)
    lost(ledger)
    assert await ledger.hear(body, PHONE_1)
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert ledger.reminders("SC-0002") == {
        "prepare": ("suppressed", "no reachable number")
    }
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    ("code", "kind", "body", "silenced"),
    [
        ("30004", RefusalKind.OPTED_OUT, "START", False),
        ("30004", RefusalKind.OPTED_OUT, "hello", True),
        ("30005", RefusalKind.BAD_NUMBER, "hello", False),
    ],
)
async def test_a_late_failure_does_not_opt_out_a_phone_that_wrote_since(
    ledger: Ledger, code: str, kind: RefusalKind, body: str, *, silenced: bool
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    ledger.clock.move_to(PREPARE + timedelta(minutes=5))
    assert await ledger.hear(body)
    ledger.clock.move_to(PREPARE + timedelta(hours=5))
    await ledger.receive(word(MessageState.UNDELIVERED, code=code, kind=kind))
    [phone] = ledger.rows("SELECT opted_out_at, unreachable_at FROM recipients")
    assert any(phone.values()) == silenced
    assert await ledger.send_at(LAST_CALL) == (0 if silenced else 1)
    assert await ledger.audit() == []


async def test_a_number_that_answered_later_is_not_lost_for_an_old_failure(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.send_at(LAST_CALL)
    await ledger.receive(word(MessageState.DELIVERED, "SM2"))
    kind = RefusalKind.BAD_NUMBER
    await ledger.receive(word(MessageState.UNDELIVERED, code="30005", kind=kind))
    [phone] = ledger.rows("SELECT unreachable_at FROM recipients")
    assert phone["unreachable_at"] is None
    assert await ledger.audit() == []


async def test_a_late_receipt_of_an_old_delivery_keeps_a_number_unreachable(
    ledger: Ledger,
) -> None:
    """Two texts to one phone: the older arrived, of the newer is told first."""
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.send_at(LAST_CALL)
    kind = RefusalKind.BAD_NUMBER
    await ledger.receive(word(MessageState.UNDELIVERED, "SM2", code="30005", kind=kind))
    await ledger.receive(word(MessageState.DELIVERED, "SM1"))
    [phone] = ledger.rows("SELECT unreachable_at FROM recipients")
    assert phone["unreachable_at"] is not None
    assert await ledger.send_at(LAST_CALL + timedelta(days=3)) == 0, "nobody is there"
    assert ledger.reminders()["last-call"] == ("failed", "undelivered")
    assert await ledger.audit() == []


async def test_a_lost_phone_that_says_stop_is_opted_out(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    lost(ledger)
    assert await ledger.hear("STOP")
    [phone] = ledger.rows("SELECT * FROM recipients")
    assert phone["unreachable_at"] is None
    assert phone["opted_out_by"] == "inbound"
    assert ledger.reminders() == {"prepare": UNREACHED}
