"""A claim is not a POST: what is begun, what a kill leaves, what is given back."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest

from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
)
from service.domain.delivery.status import MessageState
from service.flow.sending.post_round import MAX_GROUP
from service.flow.sending.provider import Outgoing
from tests.flow.fakes import DiedError, FakeProvider
from tests.flow.ledger import FOOD, OFFICE, PREPARE, Ledger, permit, word

LEASE_ENDED = "UPDATE messages SET lease_until = '2020-01-01 00:00:00.000000'"
IN_EVENTS = "SELECT * FROM reminder_events WHERE message_id IS NOT NULL"


async def claimed(ledger: Ledger, count: int = 1) -> tuple[str, Sequence[Outgoing]]:
    """The owner and the messages of a claim."""
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, count + 1)))
    await ledger.expand(PREPARE)
    messages = (await ledger.claim()).messages
    return ledger.rows("SELECT owner FROM messages")[0]["owner"], messages


async def test_a_claim_has_begun_nothing(ledger: Ledger) -> None:
    await claimed(ledger)
    assert ledger.message()["begun"] == 0


async def test_what_is_begun_may_be_posted(ledger: Ledger) -> None:
    owner, messages = await claimed(ledger, 3)
    assert await ledger.begin(owner, *messages[:2]) == {one.id for one in messages[:2]}
    rows = ledger.rows("SELECT begun FROM messages ORDER BY id")
    assert [row["begun"] for row in rows] == [1, 1, 0]


async def test_nothing_is_begun_twice(ledger: Ledger) -> None:
    owner, messages = await claimed(ledger)
    assert await ledger.begin(owner, *messages)
    assert await ledger.begin(owner, *messages) == frozenset()


NEARLY_OVER = (
    "UPDATE messages SET lease_until = "
    "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+14 seconds')"
)


@pytest.mark.parametrize(
    "spoiled",
    [
        "UPDATE messages SET owner = x'00'",
        "UPDATE messages SET attempt = 2",
        "UPDATE messages SET state = 'uncertain'",
        "UPDATE messages SET begun = NULL",
        NEARLY_OVER,
    ],
)
async def test_what_is_no_longer_ours_is_not_begun(
    ledger: Ledger, spoiled: str
) -> None:
    owner, messages = await claimed(ledger)
    ledger.tamper(spoiled)
    assert await ledger.begin(owner, *messages) == frozenset()


@pytest.mark.parametrize(
    "scope", ["all", f"rule:{FOOD}", f"authority:{OFFICE}", f"office:{OFFICE}"]
)
async def test_what_is_paused_is_not_begun(ledger: Ledger, scope: str) -> None:
    owner, messages = await claimed(ledger)
    await ledger.brakes.pause(scope, "ann", "stop", PREPARE)
    assert await ledger.begin(owner, *messages) == frozenset()


async def test_a_pause_between_claim_and_post_stops_what_was_not_begun(
    ledger: Ledger,
) -> None:
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 101)))
    await ledger.expand(PREPARE)

    async def pause() -> None:
        await ledger.brakes.pause("all", "ann", "stop", PREPARE)

    ledger.provider.before.append(pause)
    posted = await ledger.send()
    assert posted <= 2 * MAX_GROUP
    assert len(ledger.states()) == posted, "the rest was no try"
    assert await ledger.audit() == []


async def test_a_lease_that_ended_before_the_begin_is_no_try(ledger: Ledger) -> None:
    owner, messages = await claimed(ledger, 30)
    await ledger.begin(owner, *messages[:10])
    ledger.tamper(LEASE_ENDED)
    assert await ledger.leases.expire_leases(PREPARE) == 30
    assert ledger.states() == ["uncertain"] * 10
    due = ledger.rows("SELECT * FROM reminders WHERE state = 'due'")
    assert len(due) == 20
    assert {(row["message_id"], row["retry_at"]) for row in due} == {(None, None)}
    assert await ledger.audit() == []
    assert await ledger.send() == 20, "at once"


async def test_what_an_earlier_release_claimed_may_have_been_posted(
    ledger: Ledger,
) -> None:
    await claimed(ledger)
    ledger.tamper("UPDATE messages SET begun = NULL", LEASE_ENDED)
    await ledger.leases.expire_leases(PREPARE)
    assert ledger.states() == ["uncertain"]


async def test_a_worker_that_slept_past_its_lease_begins_nothing_more(
    ledger: Ledger,
) -> None:
    owner, messages = await claimed(ledger)
    ledger.tamper(LEASE_ENDED)
    await ledger.leases.expire_leases(PREPARE)
    assert await ledger.send() == 1
    assert await ledger.begin(owner, *messages) == frozenset()
    await ledger.record(owner, [(messages[0], NotPosted())])
    assert ledger.states() == ["accepted"]
    assert await ledger.audit() == []


async def test_a_kill_leaves_unknown_at_most_what_was_under_way(
    ledger: Ledger,
) -> None:
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 201)))
    await ledger.expand(PREPARE)
    answers: list[Outcome | DiedError] = [Accepted(f"SM{at}") for at in range(1, 101)]
    ledger.provider.script = [*answers, DiedError()]
    with pytest.raises(DiedError):
        await ledger.send()
    ledger.tamper(LEASE_ENDED)
    await ledger.leases.expire_leases(PREPARE)
    assert ledger.states().count("uncertain") <= 2 * MAX_GROUP
    assert ledger.states().count("accepted") >= 101 - 2 * MAX_GROUP
    assert await ledger.audit() == []


async def test_at_most_forty_are_begun_and_not_recorded(ledger: Ledger) -> None:
    unrecorded = list[int]()

    class Watching(FakeProvider):
        async def send(self, message: Outgoing) -> Outcome:
            rows = ledger.rows("SELECT begun, state FROM messages")
            unrecorded.append(
                sum(row["begun"] and row["state"] == "sending" for row in rows)
            )
            await asyncio.sleep(0.005)  # while the next group is marked
            return await super().send(message)

    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 151)))
    await ledger.expand(PREPARE)
    poster = replace(ledger.sending.poster, provider=Watching())
    assert await ledger.send(poster=poster) == 150
    assert 0 < max(unrecorded) <= 2 * MAX_GROUP


async def test_giving_back_leaves_everything_as_it_was(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    before = ledger.rows("SELECT * FROM reminders")
    [message] = (await ledger.claim()).messages
    await ledger.record(ledger.message()["owner"], [(message, NotPosted())])
    assert ledger.rows("SELECT * FROM messages") == []
    assert ledger.rows("SELECT * FROM message_reminders") == []
    assert ledger.rows(IN_EVENTS) == []
    assert ledger.rows("SELECT * FROM reminders") == before


async def test_giving_back_a_retry_leaves_it_to_the_message_before(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    kind = RefusalKind.RETRY_LATER
    await ledger.receive(word(MessageState.UNDELIVERED, kind=kind, code="30003"))
    ledger.tamper("UPDATE reminders SET next_at = state_at")
    before = ledger.rows("SELECT * FROM reminders")
    [message] = (await ledger.claim()).messages
    owner = ledger.rows("SELECT owner FROM messages ORDER BY id")[-1]["owner"]
    await ledger.record(owner, [(message, NotPosted())])
    assert ledger.rows("SELECT * FROM reminders") == before
    assert ledger.states() == ["undelivered"]
    assert await ledger.audit() == []


async def test_giving_back_a_retry_keeps_the_day_that_its_text_told(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    kind = RefusalKind.RETRY_LATER
    await ledger.receive(word(MessageState.UNDELIVERED, kind=kind, code="30003"))
    told = "SELECT told_on, version_id FROM reminders"
    before = ledger.rows(told)
    ledger.tamper("UPDATE reminders SET next_at = state_at")
    [message] = (await ledger.claim()).messages
    owner = ledger.rows("SELECT owner FROM messages ORDER BY id")[-1]["owner"]
    ledger.tamper("UPDATE reminders SET told_on = '2024-10-01', version_id = 'other'")
    await ledger.record(owner, [(message, NotPosted())])
    assert ledger.rows(told) == before


async def test_giving_back_a_retry_leaves_its_dates_to_it(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    kind = RefusalKind.RETRY_LATER
    await ledger.receive(word(MessageState.UNDELIVERED, kind=kind, code="30003"))
    ledger.tamper("UPDATE reminders SET next_at = state_at")
    [message] = (await ledger.claim()).messages
    owner = ledger.rows("SELECT owner FROM messages ORDER BY id")[-1]["owner"]
    ledger.tamper("UPDATE slots SET due_at = '2024-10-01 00:00:00.000000'")
    await ledger.record(owner, [(message, NotPosted())])
    [reminder] = ledger.rows("SELECT * FROM reminders")
    assert reminder["state"] == "retrying"
    assert reminder["next_at"] == reminder["state_at"], "at once, as before"


async def test_given_back_reminders_follow_a_law_that_changed(ledger: Ledger) -> None:
    owner, messages = await claimed(ledger)
    ledger.tamper("UPDATE slots SET until_at = '2024-10-01 00:00:00.000000'")
    await ledger.record(owner, [(messages[0], NotPosted())])
    [reminder] = ledger.rows("SELECT until_at FROM reminders")
    assert reminder["until_at"] == "2024-10-01 00:00:00.000000"


async def test_a_wait_after_a_refusal_does_not_grow_by_claims_that_were_no_try(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    for _ in range(8):
        [message] = (await ledger.claim()).messages
        owner = ledger.rows("SELECT owner FROM messages")[0]["owner"]
        await ledger.record(owner, [(message, NotPosted())])
    ledger.provider.script = [Refused(RefusalKind.RETRY_SAFE, "connect", "refused")] * 9
    await ledger.send()
    [row] = ledger.rows(
        "SELECT (julianday(retry_at) - julianday('now')) * 86400 AS wait FROM reminders"
    )
    assert row["wait"] <= 2


async def test_another_owner_gives_nothing_back(ledger: Ledger) -> None:
    _, messages = await claimed(ledger)
    await ledger.record(str(uuid4()), [(messages[0], NotPosted())])
    assert ledger.states() == ["sending"]
