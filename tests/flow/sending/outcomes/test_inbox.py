"""Texts that were not understood wait for a person, with what they may be about."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from service.adapters.store.sending.inbox import SqlInboxStore
from service.domain.errors import ConflictError, InvalidError, UnknownError
from service.flow.sending.outcomes.inbox import (
    InboxDecision,
    InboxDeps,
    InboxPermit,
    InboxText,
    decide_text,
    read_inbox,
)
from tests.flow.ledger import (
    FOOD,
    LAST_CALL,
    OFFICE,
    PHONE_1,
    PHONE_2,
    PREPARE,
    Ledger,
    permit,
)

NEW_OWNER = "I have sold the shop"


@pytest.fixture
def deps(ledger: Ledger) -> InboxDeps:
    """The inbox of the ledger's database."""
    return InboxDeps(SqlInboxStore(ledger.database), ledger.vault, ledger.clock)


async def read(
    deps: InboxDeps, offices: Sequence[str] | None = None, size: int = 100
) -> list[InboxText]:
    """Every page of the inbox."""
    found, after = list[InboxText](), None
    while page := await read_inbox(offices, after, size, deps):
        found += page
        after = page[-1].id
    return found


async def decide(
    deps: InboxDeps, text_id: str, decision: InboxDecision, reason: str = "rang them"
) -> None:
    """Decide as the command does."""
    request = {"reason": reason}
    await decide_text(text_id, decision, request, deps, via="command", by="ann")


async def test_only_what_was_not_understood_waits_the_oldest_first(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.register(permit())
    for hour, (sid, body) in enumerate(
        [("IN9", NEW_OWNER), ("IN1", "STOP"), ("IN2", "START"), ("IN3", "HELP")]
    ):
        ledger.clock.move_to(PREPARE + timedelta(hours=hour))
        assert await ledger.hear(body, sid=sid)
    assert [(one.id, one.text) for one in await read(deps)] == [
        ("IN9", NEW_OWNER),
        ("IN3", "HELP"),
    ]
    assert await ledger.audit() == []


@pytest.mark.parametrize("size", [1, 2, 3, 4])
async def test_pages_of_any_size_give_every_text_once(
    ledger: Ledger, deps: InboxDeps, size: int
) -> None:
    """Two came at the same instant: their ids order them."""
    for sid, hour in (("IN2", 0), ("IN1", 0), ("IN3", 1)):
        ledger.clock.move_to(PREPARE + timedelta(hours=hour))
        await ledger.hear("hello", sid=sid)
    assert [one.id for one in await read(deps, size=size)] == ["IN1", "IN2", "IN3"]


async def test_a_text_is_about_the_permits_of_the_last_text_before_it(
    ledger: Ledger, deps: InboxDeps
) -> None:
    first, other = permit(), permit("SC-0002", phones=(PHONE_1,), holder="Agent's")
    await ledger.register(first)
    await ledger.send_at(PREPARE)
    await ledger.hear("which shop?", sid="IN1")
    await ledger.register(other)
    await ledger.send_at(LAST_CALL)
    await ledger.hear("and now?", sid="IN2")
    about = [[permit.number for permit in one.permits] for one in await read(deps)]
    assert about == [["SC-0001"], ["SC-0001", "SC-0002"]]


async def test_a_text_after_a_test_is_about_the_last_reminder(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(PREPARE + timedelta(minutes=5))
    await ledger.send_test(PHONE_1)
    await ledger.hear(NEW_OWNER)
    [one] = await read(deps, [OFFICE])
    assert [permit.number for permit in one.permits] == ["SC-0001"]


async def test_before_any_text_it_is_about_the_permits_with_the_phone(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.register(permit())
    await ledger.hear(NEW_OWNER)
    [one] = await read(deps)
    assert (one.phone, one.provider) == ("+1212***0101", "fake")
    assert one.permits == (InboxPermit(OFFICE, FOOD, "SC-0001", "Holder of SC-0001"),)


async def test_an_office_reads_only_texts_about_its_own_permits(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.register(permit())
    await ledger.hear("not yet texted", sid="IN1")
    await ledger.send_at(PREPARE)
    await ledger.hear("texted", sid="IN2")
    await ledger.hear("a stranger", PHONE_2, sid="IN3")
    assert [one.id for one in await read(deps, [OFFICE])] == ["IN1", "IN2"]
    assert await read(deps, ["us-nyc"]) == []
    assert [one.phone for one in await read(deps)][-1] == "+1212***0102"


async def test_a_text_is_shown_in_one_line_that_hides_phones(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.hear("new owner:\r\n+1 212 555 0142\x1b[2J\u202e\t好")
    [one] = await read(deps)
    assert one.text == "new owner: +1212***0142\\x1b[2J\\u202e 好"


async def test_who_is_opted_out_by_hand_gets_no_more_texts(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.hear("never again, my friends", sid="IN1")
    await decide(deps, "IN1", InboxDecision.OPT_OUT)
    assert await read(deps) == []
    assert await ledger.send_at(LAST_CALL) == 0
    [phone] = ledger.rows("SELECT opted_out_by FROM recipients")
    assert phone["opted_out_by"] == "command"
    [done] = ledger.rows("SELECT * FROM actions WHERE what = 'opt-out'")
    assert (done["by"], json.loads(done["detail"])) == (
        "ann",
        {"inbound": "IN1", "phone": "+1212***0101", "why": "rang them"},
    )
    assert await ledger.audit() == []


async def test_a_stranger_who_is_opted_out_by_hand_stays_so_when_registered(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.hear("whoever you are, never again", PHONE_2, sid="IN1")
    await decide(deps, "IN1", InboxDecision.OPT_OUT)
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    assert await ledger.send_at(PREPARE) == 1
    assert ledger.reminders("SC-0002") == {"prepare": ("suppressed", "opted out")}
    assert await ledger.audit() == []


async def test_a_text_that_was_handled_changes_nothing_else(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.register(permit())
    await ledger.hear(NEW_OWNER, sid="IN1")
    await decide(deps, "IN1", InboxDecision.HANDLED)
    assert await read(deps) == []
    assert await ledger.send_at(PREPARE) == 1
    assert ledger.rows("SELECT what FROM actions WHERE by = 'ann'") == [
        {"what": "text handled"}
    ]
    assert await ledger.audit() == []


async def test_a_decision_needs_a_text_that_waits_and_a_reason(
    ledger: Ledger, deps: InboxDeps
) -> None:
    await ledger.hear("a stranger", PHONE_2, sid="IN1")
    ledger.tamper("UPDATE inbounds SET recipient_id = NULL")  # as releases before
    await ledger.hear("STOP", sid="IN2")
    with pytest.raises(UnknownError, match="unknown text 'IN3'"):
        await decide(deps, "IN3", InboxDecision.HANDLED)
    with pytest.raises(ConflictError, match="text IN2: is not in the inbox any more"):
        await decide(deps, "IN2", InboxDecision.HANDLED)
    with pytest.raises(ConflictError, match="text IN1: its phone was not stored"):
        await decide(deps, "IN1", InboxDecision.OPT_OUT)
    with pytest.raises(InvalidError, match="reason: found nothing"):
        await decide(deps, "IN1", InboxDecision.HANDLED, " ")
    assert [one.id for one in await read(deps)] == ["IN1"]
