import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest

from service.adapters.store.sending.resolve import SqlResolveStore
from service.adapters.store.sending.settle import SqlSettleStore
from service.domain.delivery.circuit import MAX_FAILURES
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import AbsentAgain
from service.domain.law_change.edits import RulesEdit
from service.flow.sending.outcomes.resolve import Decision
from service.flow.sending.outcomes.settle import settle
from service.flow.sending.provider import Listing, OpenMessage
from tests.flow.fakes import DiedError
from tests.flow.ledger import FOOD, PHONE_1, PHONE_2, PREPARE, Ledger, permit, word
from tests.flow.once import Once

TINY = 0.05
"""Seconds of a lease that a test can wait for."""

LEASE_ENDS_NOW = """
    UPDATE messages SET lease_until = strftime('%Y-%m-%d %H:%M:%f000', 'now')
    WHERE state IN ('sending', 'uncertain')"""

AGAIN = AbsentAgain(PREPARE, PREPARE)
"""An absence that is proven."""


async def wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds, by asking; give up after ten seconds."""
    last = monotonic() + 10
    while not await condition():
        assert monotonic() < last, "it never came to that"
        await asyncio.sleep(0.005)


async def die(
    ledger: Ledger, *numbers: str, arrived: bool, phone: str = PHONE_1
) -> None:
    """Let messages be POSTed or not, and our process die of it."""
    ledger.provider.lost = arrived
    ledger.provider.script = [DiedError() for _ in numbers]
    await ledger.register(*(permit(one, phones=(phone,)) for one in numbers))
    await ledger.expand(PREPARE)
    with pytest.raises(DiedError):
        await ledger.send()
    ledger.tamper(LEASE_ENDS_NOW)

    async def all_did() -> bool:
        await ledger.leases.expire_leases(PREPARE)
        return "sending" not in ledger.states()

    await wait_until(all_did)


async def give_up(ledger: Ledger) -> None:
    """Ask the provider until it is proved that the message did not arrive."""

    async def given_up() -> bool:
        await ledger.settle()
        return ledger.states() == ["not-accepted"]

    await wait_until(given_up)


async def arrived(ledger: Ledger) -> None:
    await die(ledger, "SC-0001", arrived=True)


async def lost(ledger: Ledger) -> None:
    await die(ledger, "SC-0001", arrived=False)


async def absent(ledger: Ledger) -> None:
    await lost(ledger)
    await give_up(ledger)


Lapsed = Callable[[Callable[[Ledger], Awaitable[None]]], Awaitable[None]]


@pytest.fixture
def lapsed(ledger: Ledger, once: Once) -> Lapsed:
    """What became of the message of one permit: its lease has ended just now."""

    async def lapse(past: Callable[[Ledger], Awaitable[None]]) -> None:
        await once(past, ledger)
        ledger.tamper(LEASE_ENDS_NOW)

    return lapse


async def test_a_lease_that_ended_unrecorded_makes_it_uncertain(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(arrived)
    assert ledger.states() == ["uncertain"]
    reason = "lease ended unrecorded"
    assert ledger.reminders() == {"prepare": ("uncertain", reason)}
    assert await ledger.unknown.count_open() == 1
    assert await ledger.audit() == []


async def test_a_lease_ends_by_the_clock_of_the_database(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    claimed = await ledger.claim(1, lease=TINY)
    assert len(claimed.messages) == 1

    async def lapsed() -> bool:
        return await ledger.leases.expire_leases(PREPARE) == 1

    await wait_until(lapsed)
    assert ledger.states() == [], "it was never begun"
    assert ledger.reminders() == {"prepare": ("due", None)}


async def test_a_lease_that_has_not_ended_is_left_alone(ledger: Ledger) -> None:
    ledger.provider.script = [DiedError()]
    await ledger.register(permit())
    with pytest.raises(DiedError):
        await ledger.send_at(PREPARE)
    await ledger.settle()
    assert ledger.states() == ["sending"]
    assert ledger.provider.asked == 0


async def test_a_message_found_one_to_one_is_bound(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(arrived)
    await ledger.settle()
    assert ledger.message()["provider_id"] == "SM1"
    assert ledger.states() == ["accepted"]
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.send() == 0
    assert await ledger.audit() == []


async def test_a_message_found_delivered_is_delivered(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(arrived)
    ledger.provider.become(MessageState.DELIVERED)
    await ledger.settle()
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.audit() == []


async def test_an_absence_asked_once_proves_nothing(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(lost)
    for _ in range(3):
        await ledger.settle(patience=timedelta(minutes=5))
    assert ledger.states() == ["uncertain"], "five minutes have not passed"
    assert ledger.message()["absent_at"] is not None
    assert ledger.provider.asked == 1, "not before an absence would be proof"


async def test_two_absences_are_proof_only_a_patience_apart(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(lost)
    ledger.tamper("UPDATE messages SET lease_until = '2020-01-01 00:00:00.000000'")
    for _ in range(2):
        await ledger.settle(patience=timedelta(minutes=5))
        assert ledger.states() == ["uncertain"]
    ledger.tamper("UPDATE messages SET absent_at = '2020-01-01 00:00:00.000000'")
    await ledger.settle(patience=timedelta(minutes=5))
    assert ledger.states() == ["not-accepted"]


async def test_a_listed_text_of_no_message_is_no_proof_of_absence(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(arrived)
    ledger.provider.same_text = False
    for _ in range(3):
        await ledger.settle(patience=timedelta())
    assert ledger.states() == ["uncertain"]
    ledger.provider.same_text = True
    await ledger.settle()
    assert ledger.states() == ["accepted"]


async def test_a_text_of_ours_under_an_id_of_another_message_is_no_proof_of_absence(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(arrived)
    ledger.provider.script = [Accepted("SM1")]
    await ledger.register(permit("B-0002", phones=("+12125550102",)))
    await ledger.send()
    for _ in range(3):
        await ledger.settle(patience=-timedelta(minutes=5))
    assert ledger.states() == ["uncertain", "accepted"], "who has SM1, nobody knows"


async def test_absent_twice_returns_to_due_once_and_is_sent_as_a_new_message(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(absent)
    assert ledger.reminders() == {"prepare": ("due", "not accepted: absent twice")}
    assert await ledger.audit() == []
    assert await ledger.send() == 1
    assert ledger.states() == ["not-accepted", "accepted"]
    assert len(ledger.provider.posted) == 2
    assert len({one.id for one in ledger.provider.posted}) == 2
    assert await ledger.audit() == []


async def test_an_unknown_answer_waits_from_the_moment_it_was_written_down(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [Unknown("timeout")]
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.settle(patience=timedelta(minutes=5))
    [row] = ledger.rows(
        "SELECT lease_until <= strftime('%Y-%m-%d %H:%M:%f000', 'now') AS over "
        "FROM messages"
    )
    assert row["over"], "nobody can POST it any more"
    assert ledger.states() == ["uncertain"]


async def separately(ledger: Ledger) -> None:
    """Let each permit have an SMS of its own, also those of one phone."""
    rule = (await ledger.office.current_law()).rule(FOOD)
    await ledger.change(RulesEdit([replace(rule, merges=False)]))


async def test_two_messages_alike_with_one_candidate_stay_uncertain(
    ledger: Ledger,
) -> None:
    await separately(ledger)
    await die(ledger, "A-0001", "B-0001", arrived=True)
    assert ledger.provider.posted[0].body == ledger.provider.posted[1].body
    ledger.provider.taken = ledger.provider.taken[:1]
    for _ in range(3):
        await ledger.settle(patience=-timedelta(minutes=5))
    assert ledger.states() == ["uncertain", "uncertain"]
    assert await ledger.audit() == []


async def test_two_messages_alike_with_two_candidates_are_both_bound(
    ledger: Ledger,
) -> None:
    await separately(ledger)
    await die(ledger, "A-0001", "B-0001", arrived=True)
    await ledger.settle()
    assert ledger.states() == ["accepted", "accepted"]
    assert {row["provider_id"] for row in ledger.rows("SELECT * FROM messages")} == {
        *("SM1", "SM2"),
    }
    for state in ("sent", "delivered"):
        for message in ledger.rows("SELECT * FROM messages"):
            crosswise = {"SM1": "SM2", "SM2": "SM1"}[message["provider_id"]]
            await ledger.receive(
                word(MessageState(state), crosswise, ref=message["id"])
            )
    assert ledger.states() == ["delivered", "delivered"]
    assert ledger.alarms() == [], "their ids have the say, and nobody has two"
    assert await ledger.audit() == []


async def test_two_equal_messages_are_distinguished_by_a_provider_that_knows_our_ids(
    ledger: Ledger,
) -> None:
    await separately(ledger)
    await die(ledger, "A-0001", "B-0001", arrived=True)
    ledger.provider.finds_by_our_id = True
    ledger.provider.taken = ledger.provider.taken[:1]
    for _ in range(2):
        await ledger.settle(patience=-timedelta(minutes=5))
    assert ledger.states() == ["accepted", "not-accepted"]
    assert await ledger.audit() == []


async def test_equal_messages_to_two_phones_are_distinguished(ledger: Ledger) -> None:
    await die(ledger, "A-0001", arrived=True)
    await ledger.register(permit("B-0001", phones=("+12125550102",)))
    await ledger.send()
    await ledger.settle()
    assert ledger.states() == ["accepted", "accepted"]


async def test_a_candidate_may_belong_to_one_alike_that_is_still_under_way(
    ledger: Ledger,
) -> None:
    await die(ledger, "A-0001", arrived=False)
    ledger.provider.lost = True
    ledger.provider.script = [DiedError()]
    await ledger.register(permit("B-0001"))
    with pytest.raises(DiedError):
        await ledger.send()
    assert ledger.states() == ["uncertain", "sending"]
    for _ in range(3):
        await ledger.settle(patience=-timedelta(minutes=5))
    assert ledger.states() == ["uncertain", "sending"], "one candidate, two open"


async def test_a_provider_that_cannot_be_asked_proves_nothing(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(lost)
    ledger.provider.deaf = True
    for _ in range(3):
        await ledger.settle(patience=-timedelta(minutes=5))
    assert ledger.states() == ["uncertain"]
    assert ledger.message()["absent_at"] is None


async def test_a_message_sent_while_the_list_was_read_is_not_taken_for_the_former_one(
    ledger: Ledger,
    lapsed: Lapsed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await lapsed(lost)
    find = ledger.provider.find

    async def late(message: OpenMessage, to: str) -> Listing | None:
        monkeypatch.setattr(ledger.provider, "find", find)
        for again in (None, AGAIN):
            await ledger.unknown.note_absence(message, again, now=PREPARE)
        ledger.provider.lost = True
        ledger.provider.script = [Unknown("timeout")]
        assert await ledger.send() == 1
        return await find(message, to)

    monkeypatch.setattr(ledger.provider, "find", late)
    await ledger.settle()
    assert ledger.states() == ["not-accepted", "uncertain"]
    await ledger.settle()
    assert ledger.states() == ["not-accepted", "accepted"]
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_list_that_hangs_holds_nothing_up_and_each_has_its_turn_later(
    ledger: Ledger,
) -> None:
    for at in range(10, 12 + MAX_FAILURES):
        await die(ledger, f"SC-{at}", arrived=True, phone=f"+121255501{at}")
    ledger.provider.deaf = True
    await ledger.settle()
    assert ledger.provider.asked == MAX_FAILURES
    ledger.provider.deaf = False
    await ledger.settle()
    assert ledger.states() == ["accepted"] * len(ledger.states())


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("30003", RefusalKind.RETRY_LATER, ("retrying", "retry-later 30003")),
        ("30005", RefusalKind.BAD_NUMBER, ("failed", "undelivered")),
        ("30004", RefusalKind.OPTED_OUT, ("failed", "opted out")),
    ],
)
async def test_a_failure_that_the_list_shows_is_asked_after_with_its_reason(
    ledger: Ledger,
    lapsed: Lapsed,
    code: str,
    kind: RefusalKind,
    told: tuple[str, str],
) -> None:
    """Where no answer was read and no callback comes: it ends as if one had."""
    await lapsed(arrived)
    [sms] = ledger.provider.taken
    failed = replace(sms, state=MessageState.UNDELIVERED, code=code, kind=kind)
    ledger.provider.taken = [failed]
    await ledger.settle()
    assert ledger.states() == ["accepted"], "it was taken"
    ledger.clock.move_to(PREPARE + timedelta(seconds=1))
    assert await ledger.poll() == 1
    assert ledger.states() == ["undelivered"]
    assert ledger.reminders() == {"prepare": told}
    assert await ledger.audit() == []


async def test_another_provider_is_not_asked_about_it(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(arrived)
    other = SqlSettleStore(ledger.database, "twilio")
    assert await other.list_uncertain() == []
    assert [one.provider for one in await ledger.unknown.list_uncertain()] == ["fake"]


async def test_a_receipt_that_came_while_the_list_was_read_is_not_overwritten(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(lost)
    [message] = await ledger.unknown.list_uncertain()
    await ledger.receive(word(MessageState.DELIVERED, ref=message.id))
    for again in (None, AGAIN):
        await ledger.unknown.note_absence(message, again, now=PREPARE)
    assert ledger.states() == ["delivered"]
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.audit() == []


async def test_a_listed_message_is_not_bound_while_an_equal_text_is_under_way(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(lost)
    [message] = await ledger.unknown.list_uncertain()
    await ledger.register(permit("XC-0001", phones=(PHONE_1,)))
    await ledger.expand(PREPARE)
    [equal] = (await ledger.claim()).messages
    assert equal.body == message.body
    listed = word(MessageState.ACCEPTED, "SM9", ref=message.id)
    await ledger.unknown.bind_listed([listed], PREPARE)
    assert ledger.states() == ["uncertain", "sending"]


async def test_two_workers_that_prove_one_absence_return_it_once(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(lost)
    [message] = await ledger.unknown.list_uncertain()
    for _ in range(2):
        await ledger.unknown.note_absence(message, AGAIN, now=PREPARE)
    [row] = ledger.rows("SELECT * FROM reminders")
    assert (row["state"], row["returned"]) == ("due", 1)
    assert ledger.message()["reason"] == "not accepted: absent twice"


@pytest.mark.parametrize("state", ["accepted", "sent", "delivered", "undelivered"])
async def test_a_callback_after_it_was_given_up_tells_the_truth_and_alarms(
    ledger: Ledger, lapsed: Lapsed, state: str
) -> None:
    await lapsed(absent)
    given = ledger.message()["id"]
    await ledger.receive(word(MessageState(state), ref=given))
    assert ledger.states() == [state]
    told = {"delivered": "delivered", "undelivered": "failed"}.get(state, "sent")
    assert ledger.reminders()["prepare"][0] == told
    assert ledger.alarms() == ["accepted after all"]
    assert await ledger.send() == 0, "it was sent after all"
    assert await ledger.audit() == []


async def test_the_audit_shows_a_callback_that_came_after_the_next_message_was_sent(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(absent)
    given = ledger.message()["id"]
    assert await ledger.send() == 1
    await ledger.receive(word(MessageState.DELIVERED, "SM9", ref=given))
    assert ledger.states() == ["delivered", "accepted"]
    assert ledger.alarms() == ["accepted after all"]
    [told] = await ledger.audit()
    assert told.startswith("reminder texted twice")


async def test_a_permit_withdrawn_while_it_was_uncertain_is_not_sent_again(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(lost)
    await ledger.withdraw(permit())
    assert ledger.reminders()["prepare"][0] == "uncertain"
    await give_up(ledger)
    assert await ledger.send() == 0
    assert ledger.reminders() == {"prepare": ("cancelled", "permit withdrawn")}
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (RefusalKind.OPTED_OUT, ("suppressed", "opted out")),
        (RefusalKind.BAD_NUMBER, ("failed", "refused: bad-number")),
    ],
)
async def test_a_clear_no_after_the_lease_ended_is_the_end(
    ledger: Ledger,
    lapsed: Lapsed,
    kind: RefusalKind,
    told: tuple[str, str],
) -> None:
    await lapsed(lost)
    [posted] = ledger.provider.posted
    said = [(posted, Refused(kind, "1", "HTTP 400"))]
    await ledger.record(ledger.message()["owner"], said, PREPARE)
    assert ledger.states() == ["refused"]
    assert ledger.reminders() == {"prepare": told}
    assert await ledger.audit() == []


async def test_an_outcome_recorded_after_the_lease_ended_still_counts(
    ledger: Ledger, lapsed: Lapsed
) -> None:
    await lapsed(arrived)
    [posted] = ledger.provider.posted
    owner = ledger.message()["owner"]
    await ledger.record(owner, [(posted, Accepted("SM1"))], PREPARE)
    assert ledger.states() == ["accepted"]
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


@pytest.fixture
def replaced(ledger: Ledger, lapsed: Lapsed) -> Callable[..., Awaitable[str]]:
    """The first message was absent twice, the next is POSTed; the first one's id."""

    async def replace_it(outcome: Outcome, *words: str) -> str:
        await lapsed(absent)
        first = str(ledger.message()["id"])

        async def late() -> None:
            for state in words:
                await ledger.receive(word(MessageState(state), "SM9", ref=first))
                assert ledger.reminders()["prepare"][0] == "sending"
                assert await ledger.audit() == []

        ledger.provider.after.append(late)
        ledger.provider.script = [outcome]
        await ledger.send()
        return first

    return replace_it


CONTENT = Refused(RefusalKind.BAD_CONTENT, "21617", "HTTP 400")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("accepted",), "sent"),
        (("accepted", "delivered"), "delivered"),
        (("delivered",), "delivered"),
        (("undelivered",), "failed"),
        (("undelivered", "read"), "delivered"),
    ],
)
@pytest.mark.parametrize("early", [True, False])
async def test_a_first_text_that_arrived_after_all_counts_though_the_next_was_refused(
    ledger: Ledger,
    replaced: Callable[..., Awaitable[str]],
    said: tuple[str, ...],
    told: str,
    early: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    first = await replaced(CONTENT, *(said if early else ()))
    for state in () if early else said:
        await ledger.receive(word(MessageState(state), "SM9", ref=first))
    assert ledger.states() == [said[-1], "refused"]
    assert ledger.reminders()["prepare"][0] == told
    [row] = ledger.rows("SELECT sent_at FROM reminders")
    assert row["sent_at"].startswith("2024-09-19 01:30")
    assert await ledger.audit() == []


NEXT_ONES: dict[str, Outcome] = {
    "back off": Refused(RefusalKind.RETRY_SAFE, "20429", "HTTP 429"),
    "not posted": NotPosted("no connection"),
    "opted out": Refused(RefusalKind.OPTED_OUT, "21610", "HTTP 400"),
    "nobody's": Refused(RefusalKind.BAD_NUMBER, "21211", "HTTP 400"),
}


@pytest.mark.parametrize("outcome", NEXT_ONES.values(), ids=list(NEXT_ONES))
async def test_a_holder_whose_first_text_arrived_after_all_is_not_texted_again(
    ledger: Ledger, replaced: Callable[..., Awaitable[str]], outcome: Outcome
) -> None:
    await replaced(outcome, "delivered")
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    ledger.tamper("UPDATE reminders SET retry_at = NULL")
    assert await ledger.send() == 0
    assert await ledger.audit() == []


@pytest.mark.parametrize("decision", [Decision.RESEND, Decision.GIVE_UP])
async def test_a_first_text_that_arrived_after_all_counts_whatever_an_operator_decides(
    ledger: Ledger, replaced: Callable[..., Awaitable[str]], decision: Decision
) -> None:
    first = await replaced(Unknown("timeout"))
    await ledger.receive(word(MessageState.DELIVERED, "SM9", ref=first))
    assert ledger.reminders() == {"prepare": ("uncertain", "timeout")}
    assert await ledger.audit() == []
    [second] = ledger.rows("SELECT id FROM messages WHERE state = 'uncertain'")
    await SqlResolveStore(ledger.database).resolve(
        second["id"],
        decision,
        by="tester",
        reason="asked",
        now=PREPARE,
        objection=lambda _: None,
    )
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send() == 0
    assert await ledger.audit() == []


async def test_the_audit_still_shows_two_messages_that_were_both_accepted(
    ledger: Ledger, replaced: Callable[..., Awaitable[str]]
) -> None:
    await replaced(Accepted("SM2"), "delivered")
    assert ledger.states() == ["delivered", "accepted"]
    [told] = await ledger.audit()
    assert told.startswith("reminder texted twice")


async def test_a_process_that_has_to_stop_notes_no_further_absence(
    ledger: Ledger,
) -> None:
    for phone in (PHONE_1, PHONE_2):
        await die(ledger, f"SC-{phone[-4:]}", arrived=False, phone=phone)
    noted = "SELECT id FROM messages WHERE absent_at IS NOT NULL"
    await settle(
        ledger.unknown,
        provider=ledger.provider,
        vault=ledger.vault,
        clock=ledger.clock,
        settle_after=timedelta(),
        is_stopping=lambda: len(ledger.rows(noted)) > 0,
    )
    assert len(ledger.rows(noted)) == 1
