from datetime import timedelta

import pytest

from service.adapters.store.sending.resolve import SqlResolveStore
from service.domain.delivery.outcome import RefusalKind, Unknown
from service.domain.delivery.status import MessageState
from service.domain.errors import ConflictError, InvalidError, UnknownError
from service.flow.sending.outcomes.resolve import Decision, ResolveDeps, resolve
from tests.flow.ledger import PREPARE, Ledger, permit, word
from tests.flow.once import Once

ANN = "ann"
WHY = {"reason": "not in their log"}
NOBODY = "019aaf39-3c5e-7d0c-8a6e-0c6d5f1f0142"


async def decide(ledger: Ledger, message: str, decision: Decision) -> None:
    """Decide as Ann would, with five minutes of patience."""
    store = SqlResolveStore(ledger.database)
    to = ResolveDeps(store, ledger.clock, timedelta(minutes=5))
    await resolve(message, decision, WHY, to, ANN)


def newest(ledger: Ledger) -> str:
    """The id of the message that was claimed last, as people see it."""
    [row] = ledger.rows("SELECT id FROM messages ORDER BY id DESC LIMIT 1")
    raw = str(row["id"])
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))


async def unknown(ledger: Ledger) -> str:
    """A message whose answer was lost, and which the provider never had."""
    ledger.provider.script = [Unknown("timeout")]
    assert await ledger.send() == 1
    return newest(ledger)


async def one_unknown(ledger: Ledger) -> str:
    """A message that is still being settled."""
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    return await unknown(ledger)


@pytest.fixture
async def open_outcome(ledger: Ledger) -> str:
    """Such a message."""
    return await one_unknown(ledger)


async def absent_thrice(ledger: Ledger) -> str:
    """A message that was absent again: its reminder had returned twice already."""
    message = await one_unknown(ledger)
    for _ in range(2):
        await be_absent_twice(ledger)
        assert set(ledger.states()) == {"not-accepted"}
        message = await unknown(ledger)
    await be_absent_twice(ledger)
    assert "outcome unknown" in ledger.alarms()
    return message


@pytest.fixture
async def left(ledger: Ledger, once: Once) -> str:
    """Such a message."""
    return await once(absent_thrice, ledger)


async def be_absent_twice(ledger: Ledger) -> None:
    for _ in range(2):
        await ledger.settle(patience=timedelta())


def acts(ledger: Ledger) -> list[tuple[str, str]]:
    """What people did, and who."""
    rows = ledger.rows("SELECT * FROM actions WHERE what IN ('resend', 'give up')")
    return [(row["what"], row["by"]) for row in rows]


async def test_a_resent_reminder_goes_out_once_in_a_new_message(
    ledger: Ledger, left: str
) -> None:
    await decide(ledger, left, Decision.RESEND)
    reason = "operator ann: not in their log"
    assert ledger.states() == ["not-accepted"] * 3
    assert ledger.reminders() == {"prepare": ("due", reason)}
    assert acts(ledger) == [("resend", ANN)]
    assert await ledger.audit() == []
    assert await ledger.send() == 1
    assert await ledger.send() == 0
    assert ledger.states()[-1] == "accepted"
    assert len(ledger.provider.taken) == 1
    assert await ledger.audit() == []


async def test_reminders_of_a_message_given_up_fail_and_are_not_sent_again(
    ledger: Ledger, left: str
) -> None:
    await decide(ledger, left, Decision.GIVE_UP)
    assert ledger.states() == ["not-accepted", "not-accepted", "given-up"]
    assert ledger.reminders() == {"prepare": ("failed", "given up: outcome unknown")}
    assert acts(ledger) == [("give up", ANN)]
    assert await ledger.unknown.count_open() == 0
    assert await ledger.send() == 0
    assert await ledger.audit() == []


@pytest.mark.parametrize("decision", Decision)
async def test_a_receipt_that_comes_later_still_wins(
    ledger: Ledger, left: str, decision: Decision
) -> None:
    await decide(ledger, left, decision)
    assert await ledger.receive(word(MessageState.DELIVERED, "SM9", ref=left)) == 1
    assert ledger.states()[-1] == "delivered"
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert ledger.alarms()[-1] == "accepted after all"
    assert await ledger.send() == 0
    assert await ledger.audit() == []


async def absent_after_a_failure(ledger: Ledger) -> str:
    """The same of a reminder whose first message failed in passing on its way."""
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    kind = RefusalKind.RETRY_LATER
    failed = word(MessageState.UNDELIVERED, "SM1", kind=kind, code="30003")
    assert await ledger.receive(failed) == 1
    ledger.clock.move_to(PREPARE + timedelta(days=1))
    for _ in range(3):
        await unknown(ledger)
        await be_absent_twice(ledger)
    assert ledger.states() == ["undelivered", *["not-accepted"] * 2, "uncertain"]
    return newest(ledger)


@pytest.fixture
async def left_again(ledger: Ledger, once: Once) -> str:
    """Such a message."""
    return await once(absent_after_a_failure, ledger)


async def test_a_reminder_accepted_before_is_resent_as_another_retry(
    ledger: Ledger, left_again: str
) -> None:
    await decide(ledger, left_again, Decision.RESEND)
    reason = "operator ann: not in their log"
    assert ledger.reminders() == {"prepare": ("retrying", reason)}
    assert await ledger.audit() == []
    assert await ledger.send() == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_reminder_accepted_before_still_counts_when_its_message_is_given_up(
    ledger: Ledger, left_again: str
) -> None:
    await decide(ledger, left_again, Decision.GIVE_UP)
    assert ledger.reminders() == {"prepare": ("failed", "given up: outcome unknown")}
    [row] = ledger.rows("SELECT sent_at FROM reminders")
    assert row["sent_at"] is not None
    assert await ledger.audit() == []


async def test_a_permit_withdrawn_meanwhile_is_not_texted_by_a_resend(
    ledger: Ledger, left: str
) -> None:
    await ledger.withdraw(permit())
    await decide(ledger, left, Decision.RESEND)
    assert await ledger.send() == 0
    assert ledger.reminders() == {"prepare": ("cancelled", "permit withdrawn")}
    assert await ledger.audit() == []


@pytest.mark.parametrize("decision", Decision)
async def test_an_operator_cannot_decide_what_is_still_being_settled(
    ledger: Ledger, open_outcome: str, decision: Decision
) -> None:
    with pytest.raises(ConflictError, match=r"still being settled: .* first tick afte"):
        await decide(ledger, open_outcome, decision)
    assert ledger.states() == ["uncertain"]
    assert acts(ledger) == []


async def test_an_outcome_unproven_for_a_day_waits_for_an_operator(
    ledger: Ledger, open_outcome: str
) -> None:
    ledger.provider.deaf = True
    ledger.tamper("UPDATE messages SET lease_until = '2020-01-01 00:00:00.000000'")
    await ledger.settle()
    assert ledger.states() == ["uncertain"]
    await decide(ledger, open_outcome, Decision.GIVE_UP)
    assert ledger.states() == ["given-up"]
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("window 1", "212-555-0142 confirms she got it"),
        ("window 212", "555-0142 confirms she got it"),
        ("212-555-0142", "+1 212 555 0143 confirms she got it"),
    ],
)
@pytest.mark.parametrize("decision", Decision)
async def test_a_phone_beside_the_name_of_who_decided_is_no_difference(
    ledger: Ledger, left: str, decision: Decision, by: str, why: str
) -> None:
    to = ResolveDeps(SqlResolveStore(ledger.database), ledger.clock, timedelta())
    await resolve(left, decision, {"reason": why}, to, by)
    assert await ledger.audit() == []
    noted = [row["reason"] for row in ledger.rows("SELECT reason FROM messages")]
    assert "0142" in noted[-1]
    assert "555" not in noted[-1]


async def test_a_decision_that_an_earlier_release_stored_unmasked_is_no_difference(
    ledger: Ledger, left: str
) -> None:
    await decide(ledger, left, Decision.RESEND)
    for table, column in (
        *(("messages", "reason"), ("actions", "detail")),
        *(("reminders", "reason"), ("reminder_events", "reason")),
    ):
        ledger.tamper(
            f"UPDATE {table} SET {column} = "  # noqa: S608 - of this test
            f"replace({column}, 'not in', '212-555-0142 not in')"
        )
    assert await ledger.audit() == []


async def test_a_decision_is_made_once(ledger: Ledger, left: str) -> None:
    await decide(ledger, left, Decision.GIVE_UP)
    for decision in Decision:
        with pytest.raises(ConflictError, match="is given-up: only an unknown"):
            await decide(ledger, left, decision)
    assert acts(ledger) == [("give up", ANN)]


async def test_an_unknown_message_and_a_missing_reason_are_refused(
    ledger: Ledger, left: str
) -> None:
    with pytest.raises(UnknownError, match="unknown message"):
        await decide(ledger, NOBODY, Decision.RESEND)
    to = ResolveDeps(SqlResolveStore(ledger.database), ledger.clock, timedelta())
    with pytest.raises(InvalidError, match="reason: found nothing"):
        await resolve(left, Decision.RESEND, {"reason": ""}, to, ANN)
    assert acts(ledger) == []


TAMPERINGS = {
    "decided by nobody": "DELETE FROM actions WHERE what = ':what'",
    "by somebody else": "UPDATE actions SET by = 'bob' WHERE what = ':what'",
    "for another reason": """
        UPDATE actions SET detail = replace(detail, 'their', 'our')
        WHERE what = ':what'""",
    "about another message": """
        UPDATE actions SET detail = replace(detail, '-7', '-6') WHERE what = ':what'""",
    "a reason changed in the message": """
        UPDATE messages SET reason = reason || '!' WHERE reason LIKE 'operator %'""",
    "a decision changed in the message": """
        UPDATE messages SET reason = 'absent' WHERE reason LIKE 'operator %'""",
    "a decision taken back": """
        UPDATE messages SET state = 'uncertain' WHERE reason LIKE 'operator %'""",
    "a decision turned round": """
        UPDATE messages SET state = CASE state WHEN 'given-up' THEN 'not-accepted'
        ELSE 'given-up' END WHERE reason LIKE 'operator %'""",
    "a decision made up": """
        INSERT INTO actions (at, by, what, detail) SELECT at, by, what,
        '{"message": "019aaf39-3c5e-7d0c-8a6e-0c6d5f1f0142", "why": "x"}'
        FROM actions WHERE what = ':what'""",
}


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=list(TAMPERINGS))
async def test_every_tampering_with_a_decision_is_found(
    ledger: Ledger, left: str, decision: Decision, tampering: str
) -> None:
    await decide(ledger, left, decision)
    assert await ledger.audit() == []
    assert ledger.tamper(tampering.replace(":what", decision)) == 1
    assert await ledger.audit()


async def test_a_message_given_up_by_hand_without_a_note_is_found(
    ledger: Ledger, left: str
) -> None:
    assert left
    assert ledger.tamper(
        "UPDATE messages SET state = 'given-up', reason = 'operator ann: x' "
        "WHERE state = 'uncertain'",
        "UPDATE reminders SET state = 'failed', reason = 'given up: outcome unknown'",
        "INSERT INTO reminder_events (permit_id, expires_on, step, at, state, reason, "
        "message_id) SELECT permit_id, expires_on, step, state_at, 'failed', reason, "
        "message_id FROM reminders",
    )
    assert [one.partition(":")[0] for one in await ledger.audit()] == [
        "message decided by nobody in the action log"
    ]
