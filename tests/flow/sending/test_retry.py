"""What did not arrive is sent again: twice at most, or to the next number."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from service.domain.delivery.outcome import Receipt, RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from service.domain.errors import ConflictError
from service.domain.law.period import Period
from service.domain.law_change.edits import RulesEdit
from service.domain.permits.permit import PermitStatus
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    LANDLINE,
    LAST_CALL,
    PHONE_1,
    PHONE_2,
    PREPARE,
    Ledger,
    permit,
    word,
)

M, K = MessageState, RefusalKind
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEXT_MORNING = datetime(2024, 9, 20, 1, 30, tzinfo=UTC)
EVENING = PREPARE + timedelta(hours=9)
NOBODY = Refused(K.BAD_NUMBER, "21211", "HTTP 400")


def passing(provider_id: str, code: str = "30003", **changed: object) -> Receipt:
    known = word(M.UNDELIVERED, provider_id, kind=K.RETRY_LATER, code=code)
    return replace(known, **changed)  # type: ignore[arg-type] # fields by name


def dead(provider_id: str, code: str = "30005") -> Receipt:
    return word(M.UNDELIVERED, provider_id, kind=K.BAD_NUMBER, code=code)


async def sent(ledger: Ledger, phones: Sequence[str] = (PHONE_1,)) -> None:
    await ledger.register(permit(phones=tuple(phones)))
    assert await ledger.send_at(PREPARE) == 1


async def test_a_passing_fault_is_followed_by_a_new_message_twice_and_no_more(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    assert await ledger.receive(passing("SM1")) == 1
    why = "retry-later 30003"
    assert ledger.reminders() == {"prepare": ("retrying", why)}
    assert await ledger.send_at(PREPARE + HOUR - timedelta(seconds=1)) == 0
    assert await ledger.send_at(PREPARE + HOUR) == 1
    await ledger.receive(passing("SM2", "30008"))
    assert await ledger.send_at(PREPARE + 5 * HOUR) == 0, "two texts a day are enough"
    assert await ledger.send_at(NEXT_MORNING) == 1
    assert await ledger.receive(passing("SM3")) == 1
    assert ledger.reminders() == {"prepare": ("failed", "undelivered")}
    assert await ledger.send_at(NEXT_MORNING + 5 * HOUR) == 0
    assert ledger.states() == ["undelivered"] * 3
    assert len({one.id for one in ledger.provider.posted}) == 3
    assert await ledger.audit() == []


async def test_a_retry_that_arrives_ends_delivered_and_counts_once(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    await ledger.send_at(PREPARE + HOUR)
    await ledger.receive(word(M.DELIVERED, "SM2"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    [row] = ledger.rows("SELECT sent_at, retries FROM reminders")
    assert row["sent_at"].startswith("2024-09-19 01:30"), "the first one's instant"
    assert row["retries"] == 1
    assert await ledger.audit() == []


async def test_a_retry_waits_for_sending_hours_and_for_the_fault_to_pass(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    ledger.clock.move_to(datetime(2024, 9, 19, 9, 0, tzinfo=UTC))
    await ledger.receive(passing("SM1"))
    assert await ledger.send_at(datetime(2024, 9, 19, 10, 0, tzinfo=UTC)) == 0
    [row] = ledger.rows("SELECT hold_reason, next_at FROM reminders")
    assert row["hold_reason"] == "outside sending hours"
    assert row["next_at"].startswith("2024-09-20 01:30")
    assert await ledger.send_at(NEXT_MORNING) == 1
    await ledger.receive(passing("SM2", "30023", retry_after=86_400.0))
    assert await ledger.send_at(NEXT_MORNING + 6 * HOUR) == 0
    assert await ledger.send_at(datetime(2024, 9, 23, 2, tzinfo=UTC)) == 1


async def test_messages_refused_for_the_account_are_sent_once_the_account_works(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    refused = word(M.UNDELIVERED, "SM1", kind=K.ACCOUNT, code="30034")
    assert await ledger.receive(refused) == 1
    assert ledger.reminders() == {"prepare": ("retrying", "account 30034")}
    assert await ledger.send_at(PREPARE + 2 * HOUR) == 0, "the breaker is open"
    await ledger.brakes.resume("all", "ann", ledger.clock.now())
    assert await ledger.send_at(PREPARE + 2 * HOUR) == 1
    await ledger.receive(word(M.DELIVERED, "SM2"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.audit() == []


@pytest.mark.parametrize("accepted", [False, True], ids=["refused", "undelivered"])
async def test_a_dead_number_that_is_replaced_later_is_texted_at_the_new_one(
    ledger: Ledger, *, accepted: bool
) -> None:
    ledger.provider.script = [] if accepted else [NOBODY]
    await sent(ledger)
    if accepted:
        await ledger.receive(dead("SM1"))
    [(state, _)] = ledger.reminders().values()
    assert state == "failed"
    ledger.clock.move_to(PREPARE + HOUR)
    await ledger.register(permit(phones=(PHONE_1,)))
    assert await ledger.send_at(PREPARE + HOUR) == 0, "nothing is different yet"
    await ledger.register(permit(phones=(PHONE_2,)))
    assert await ledger.send_at(PREPARE + HOUR) == 1
    assert ledger.provider.posted[-1].phone == PHONE_2
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.send_at(PREPARE + 2 * HOUR) == 0
    assert await ledger.audit() == []


@pytest.mark.parametrize("accepted", [False, True], ids=["refused", "undelivered"])
async def test_a_new_number_that_must_wait_ends_with_its_permit(
    ledger: Ledger, *, accepted: bool
) -> None:
    """What nobody had accepted is due again, and so whatever ends it can."""
    ledger.provider.script = [] if accepted else [NOBODY]
    await sent(ledger)
    if accepted:
        await ledger.receive(dead("SM1"))
    ledger.clock.move_to(EVENING)
    await ledger.register(permit(phones=(PHONE_2,)))
    assert await ledger.send() == 0, "not at night"
    assert await ledger.audit() == []
    again = "retrying" if accepted else "due"
    assert ledger.reminders()["prepare"] == (again, "reopened")
    await ledger.register(permit(phones=(PHONE_2,), status=PermitStatus.WITHDRAWN))
    ledger.clock.move_to(NEXT_MORNING)
    sending = await ledger.turn()
    assert (sending.posted, sending.more_due) == (0, False)
    ended = ("failed" if accepted else "cancelled", "permit withdrawn")
    assert ledger.reminders() == {"prepare": ended}
    assert await ledger.audit() == []


async def test_a_second_unassigned_number_is_no_contradiction(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [NOBODY, NOBODY]
    await sent(ledger)
    await ledger.register(permit(phones=(PHONE_2,)))
    assert await ledger.send() == 1
    assert ledger.reminders()["prepare"][0] == "failed"
    assert await ledger.audit() == []


async def test_a_text_refused_for_its_content_is_not_sent_to_another_phone(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [Refused(K.BAD_CONTENT, "30007", "HTTP 400")]
    await sent(ledger)
    await ledger.register(permit(phones=(PHONE_2,)))
    assert await ledger.send_at(PREPARE + HOUR) == 0
    assert ledger.reminders() == {"prepare": ("failed", "refused: bad-content")}


WAYS_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "renewed": ("renewed", {"expires_on": EXPIRES + 5 * 365 * DAY}),
    "filed": ("renewal filed", {"renewal_filed_on": date(2024, 9, 19)}),
    "withdrawn": ("permit withdrawn", {"status": PermitStatus.WITHDRAWN}),
}


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_a_text_that_is_no_longer_true_is_not_sent_again(
    ledger: Ledger, way: str
) -> None:
    why, changed = WAYS_OUT[way]
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    await ledger.register(permit(phones=(PHONE_1,), **changed))
    assert await ledger.send_at(PREPARE + HOUR) == 0
    [row] = ledger.rows("SELECT state, reason FROM reminders WHERE retries = 1")
    assert (row["state"], row["reason"]) == ("failed", why)
    assert await ledger.audit() == []


async def test_a_step_that_is_over_is_not_sent_again(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(LAST_CALL - 4 * DAY) == 1
    ledger.clock.move_to(LAST_CALL - timedelta(minutes=30))
    await ledger.receive(passing("SM1"))
    assert ledger.reminders() == {"prepare": ("failed", "undelivered")}
    assert await ledger.audit() == []


async def test_a_holder_who_opted_out_meanwhile_is_not_texted_again(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    await ledger.hear("STOP")
    assert await ledger.send_at(PREPARE + HOUR) == 0
    assert ledger.reminders() == {"prepare": ("failed", "opted out")}


async def test_a_retry_is_worded_by_the_law_of_its_day(ledger: Ledger) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    rule = (await ledger.office.current_law()).rule(FOOD)
    closes = Period.parse("33 working days before expiry")
    moved = [replace(it, closes=closes) for it in rule.versions]
    await ledger.change(RulesEdit([replace(rule, versions=tuple(moved))]))
    assert await ledger.send_at(PREPARE + HOUR) == 1
    assert "11月13日" in ledger.provider.posted[1].body
    [row] = ledger.rows("SELECT told_on, version_id FROM reminders")
    assert row["told_on"] == "2024-11-13"
    assert await ledger.audit() == []


async def test_after_an_unassigned_number_the_next_phone_of_the_permit_is_texted(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [NOBODY]
    await ledger.register(permit(phones=(PHONE_1, PHONE_2)))
    assert await ledger.send_at(PREPARE) == 2
    assert [one.phone for one in ledger.provider.posted] == [PHONE_1, PHONE_2]
    assert ledger.states() == ["refused", "accepted"]
    assert ledger.reminders() == {"prepare": ("sent", None)}
    [lost] = ledger.rows("SELECT * FROM recipients WHERE unreachable_at IS NOT NULL")
    assert (lost["masked"][-4:], lost["unreachable_by"]) == ("0101", "21211")
    assert await ledger.audit() == []


async def test_a_receipt_of_an_unassigned_number_leads_to_the_next_phone_as_well(
    ledger: Ledger,
) -> None:
    await sent(ledger, (PHONE_1, PHONE_2))
    await ledger.receive(dead("SM1"))
    assert await ledger.send() == 1
    assert ledger.provider.posted[1].phone == PHONE_2
    await ledger.receive(word(M.DELIVERED, "SM2"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    await ledger.send_at(LAST_CALL)
    assert ledger.provider.posted[2].phone == PHONE_2, "it is remembered"
    assert await ledger.audit() == []


@pytest.mark.parametrize("phones", [(PHONE_1,), (PHONE_1, LANDLINE)])
async def test_where_no_other_number_is_left_it_has_failed(
    ledger: Ledger, phones: tuple[str, ...]
) -> None:
    await sent(ledger, phones)
    await ledger.receive(dead("SM1"))
    assert ledger.reminders() == {"prepare": ("failed", "undelivered")}
    assert await ledger.send_at(LAST_CALL) == 0
    assert ledger.reminders()["last-call"] == ("suppressed", "no reachable number")
    assert await ledger.audit() == []


async def test_an_opted_out_phone_does_not_replace_an_unassigned_number(
    ledger: Ledger,
) -> None:
    await ledger.register(permit("SC-0009", phones=(PHONE_2,)))
    await ledger.hear("STOP", PHONE_2)
    ledger.provider.script = [NOBODY]
    await ledger.register(permit(phones=(PHONE_1, PHONE_2)))
    assert await ledger.send_at(PREPARE) == 1
    assert ledger.reminders() == {"prepare": ("failed", "refused: bad-number")}
    assert await ledger.audit() == []


async def test_a_reminder_has_three_accepted_messages_at_most(ledger: Ledger) -> None:
    many = tuple(f"+121255501{at:02}" for at in range(1, 7))
    await sent(ledger, many)
    for at in range(1, 6):
        await ledger.receive(dead(f"SM{at}"))
        await ledger.send()
    assert ledger.states() == ["undelivered"] * 3
    assert ledger.reminders() == {"prepare": ("failed", "undelivered")}
    assert await ledger.audit() == []


async def test_the_permits_of_one_sms_go_on_each_to_its_own_next_number(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [NOBODY]
    await ledger.register(
        permit("SC-0001", phones=(PHONE_1, PHONE_2)),
        permit("SC-0002", phones=(PHONE_1,)),
        permit("SC-0003", phones=(PHONE_1, "+12125550103")),
    )
    assert await ledger.send_at(PREPARE) == 3
    assert ledger.reminders("SC-0001") == {"prepare": ("sent", None)}
    assert ledger.reminders("SC-0002") == {"prepare": ("failed", "refused: bad-number")}
    assert ledger.reminders("SC-0003") == {"prepare": ("sent", None)}
    phones = [one.phone[-4:] for one in ledger.provider.posted]
    assert sorted(phones) == ["0101", "0102", "0103"]
    assert await ledger.audit() == []


async def test_a_retry_not_taken_stays_a_retry_and_an_unknown_one_is_settled(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    ledger.provider.script = [
        Refused(K.RETRY_SAFE, "20429", "HTTP 429", over_concurrency=True),
        Unknown("timeout"),
    ]
    await ledger.send_at(PREPARE + HOUR)
    assert ledger.reminders()["prepare"][0] == "retrying"
    ledger.tamper("UPDATE reminders SET retry_at = NULL")
    await ledger.send()
    assert ledger.reminders() == {"prepare": ("uncertain", "timeout")}
    for _ in range(2):
        await ledger.settle(-timedelta(minutes=5))
    assert ledger.reminders()["prepare"][0] == "retrying"
    assert await ledger.audit() == []
    await ledger.send()
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_late_receipt_of_the_first_message_does_not_move_a_reminder_sent_again(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    await ledger.send_at(PREPARE + HOUR)
    assert await ledger.receive(word(M.DELIVERED, "SM1")) == 1
    assert await ledger.receive(word(M.READ, "SM1")) == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    await ledger.receive(word(M.DELIVERED, "SM2"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}


async def test_a_receipt_that_the_message_was_read_ends_the_wait_for_a_retry(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    await ledger.receive(word(M.READ, "SM1"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send_at(PREPARE + HOUR) == 0
    assert await ledger.audit() == []


async def test_a_receipt_that_the_first_message_was_read_counts_where_the_next_failed(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    await ledger.send_at(PREPARE + HOUR)
    await ledger.receive(passing("SM2"))
    await ledger.receive(word(M.READ, "SM1"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send_at(NEXT_MORNING) == 0
    assert await ledger.audit() == []


async def test_a_retry_that_fails_after_the_first_was_read_is_not_sent_again(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing("SM1"))
    await ledger.send_at(PREPARE + HOUR)
    await ledger.receive(word(M.READ, "SM1"))
    [told] = await ledger.audit()
    assert told.startswith("reminder texted twice"), "as far as anybody knows"
    await ledger.receive(passing("SM2"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send_at(NEXT_MORNING) == 0
    assert await ledger.audit() == []


AFTERNOON = datetime(2024, 11, 7, 8, 30, tzinfo=UTC)
"""Four days before the last call, so that the second retry is three days old by it."""


async def test_the_gap_to_the_next_step_is_counted_from_the_latest_retry(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(AFTERNOON) == 1
    await ledger.receive(passing("SM1"))
    retried = datetime(2024, 11, 8, 5, 30, tzinfo=UTC)
    assert await ledger.send_at(retried) == 1
    await ledger.receive(word(M.DELIVERED, "SM2"))
    assert await ledger.send_at(LAST_CALL) == 0
    assert await ledger.send_at(retried + 3 * DAY - timedelta(seconds=1)) == 0
    assert await ledger.send_at(retried + 3 * DAY) == 1
    assert ledger.provider.posted[2].template == "renewal-last-call"
    assert await ledger.audit() == []


async def test_the_gap_is_counted_from_a_retry_whose_outcome_is_unknown(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(AFTERNOON) == 1
    await ledger.receive(passing("SM1"))
    ledger.provider.script = [Unknown("timeout")]
    unknown = datetime(2024, 11, 8, 5, 30, tzinfo=UTC)
    assert await ledger.send_at(unknown) == 1
    assert await ledger.send_at(LAST_CALL) == 0
    assert await ledger.send_at(unknown + 3 * DAY) == 1


NO_WAY = Refused(K.ROUTE, "21408", "HTTP 400")


async def test_reminders_to_a_number_without_a_route_wait_until_sending_is_resumed(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [NO_WAY]
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    assert await ledger.send_at(PREPARE) == 2
    assert await ledger.send_at(PREPARE + 4 * DAY) == 0
    [row] = ledger.rows("SELECT * FROM reminders WHERE state = 'due'")
    assert (row["hold_reason"], row["returned"]) == ("no route to the number", 0)
    assert row["next_at"] == row["until_at"]
    resumed = await ledger.brakes.resume("all", "ann", ledger.clock.now())
    assert resumed.retried == 1
    assert await ledger.send() == 1
    assert ledger.states() == ["refused", "accepted", "accepted"]
    with pytest.raises(ConflictError, match="not paused"):
        await ledger.brakes.resume("all", "ann", ledger.clock.now())
    assert await ledger.audit() == []


async def test_a_number_without_a_route_gets_one_try_in_each_step(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [NO_WAY] * 99
    await ledger.register(permit())
    for days in range(90):
        await ledger.send_at(PREPARE + days * DAY)
    assert ledger.states() == ["refused", "refused"]
    assert ledger.reminders() == {
        "prepare": ("superseded", "by last-call"),
        "last-call": ("missed", "no route to the number"),
    }
    assert await ledger.audit() == []


async def test_a_resumed_rule_tries_nothing_that_no_way_led_to(ledger: Ledger) -> None:
    ledger.provider.script = [NO_WAY]
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.brakes.pause(f"rule:{FOOD}", "ann", "a try", PREPARE)
    resumed = await ledger.brakes.resume(f"rule:{FOOD}", "ann", PREPARE)
    assert resumed.retried == 0
    assert await ledger.send() == 0
