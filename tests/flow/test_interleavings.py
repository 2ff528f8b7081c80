"""What two workers do at the same time on PostgreSQL, step by step.

One of them is stopped in its transaction, by a lock on what it is about to write; then
the other one begins. Who waits for whom is read from the server.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
import pytest

from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.delivery.outcome import Accepted
from service.domain.delivery.status import MessageState
from service.domain.errors import LawChangedError
from service.domain.law_change.edits import AuthoritiesEdit, RulesEdit
from service.domain.reminders.limits import DAILY_LIMIT, RECIPIENT_LIMIT
from service.flow.sending.provider import Outgoing
from tests.databases import database_url, on_server
from tests.flow.conftest import open_copy, prepare_offices
from tests.flow.ledger import (
    FOOD,
    LAST_CALL,
    OFFICE,
    PHONE_1,
    PREPARE,
    START,
    Ledger,
    open_ledger,
    permit,
    word,
)
from tests.postgres import Server

COUNTY: Final = "990001"
"""A second office, with the words and hours of the first."""

PATIENCE: Final = 30.0
GLANCE: Final = 0.01


@pytest.fixture(scope="module")
def prepared(
    postgres: Server,
    tmp_path_factory: pytest.TempPathFactory,
    words: JinjaTemplateLibrary,
) -> Path:
    """Two offices that are live since `START`."""
    file = tmp_path_factory.mktemp("interleavings") / "ledger.db"

    async def prepare() -> None:
        await prepare_offices(file, words, [FOOD])
        ledger = open_ledger(file, words)
        office = (await ledger.office.current_law()).authority(OFFICE)
        await ledger.change(AuthoritiesEdit([replace(office, code=COUNTY)]))
        for code in (OFFICE, COUNTY):
            await ledger.go_live(FOOD, live_from=START, authority=code)
        await ledger.database.dispose()

    with on_server(postgres):
        asyncio.run(prepare())
    return file


@pytest.fixture
async def one(
    postgres: Server, prepared: Path, tmp_path: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Ledger]:
    """A worker."""
    with on_server(postgres):
        async with open_copy(prepared, tmp_path, words) as ledger:
            yield ledger


@pytest.fixture
async def other(one: Ledger, words: JinjaTemplateLibrary) -> AsyncIterator[Ledger]:
    """Another worker on the same database, at `PREPARE`."""
    opened = open_ledger(one.file, words, PREPARE)
    yield opened
    await opened.database.dispose()


@dataclass(frozen=True, slots=True)
class Stopped:
    """A task that waits in its transaction until it may go on."""

    task: "asyncio.Task[Any]"
    url: str

    async def begin(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Begin something else, which ends or waits; both is seen."""
        begun = asyncio.create_task(work)
        async with asyncio.timeout(PATIENCE):
            while not begun.done() and waiting(self.url) < 2:  # noqa: ASYNC110 - of the server
                await asyncio.sleep(GLANCE)
        return begun


@asynccontextmanager
async def stopped(
    work: Coroutine[Any, Any, Any], file: Path, by: LiteralString
) -> AsyncIterator[Stopped]:
    """Stop some work by a lock, as long as this lasts."""
    url = database_url(file)
    with closing(psycopg.connect(url)) as bystander:
        bystander.execute(by)
        task = asyncio.create_task(work)
        async with asyncio.timeout(PATIENCE):
            while not waiting(url):
                assert not task.done(), f"it did not wait: {task.result()}"
                await asyncio.sleep(GLANCE)
        yield Stopped(task, url)
        bystander.rollback()


def writing(table: LiteralString) -> LiteralString:
    """The lock that stops whoever is about to write a table."""
    return f"LOCK TABLE {table} IN SHARE MODE"


def waiting(url: str) -> int:
    """How many sessions wait for a lock."""
    counted = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with closing(psycopg.connect(url)) as observer:
        [found] = observer.execute(counted).fetchall()
        return int(found[0])


async def change(ledger: Ledger, **changed: object) -> None:
    """Give both offices other settings."""
    law = await ledger.office.current_law()
    offices = [law.authority(code) for code in (OFFICE, COUNTY)]
    await ledger.change(AuthoritiesEdit([replace(its, **changed) for its in offices]))  # type: ignore[arg-type] # fields by name


async def due(ledger: Ledger, *numbers: str, **fields: Any) -> None:  # noqa: ANN401 - of a permit
    """Let a reminder be due for each of these permits of the first office."""
    await ledger.register(*(permit(number, **fields) for number in numbers))
    await ledger.expand(PREPARE)


def held(ledger: Ledger) -> list[str]:
    """Why reminders are held."""
    return [
        row["hold_reason"]
        for row in ledger.rows("SELECT * FROM reminders WHERE hold_reason IS NOT NULL")
    ]


async def test_claims_of_one_office_take_turns_and_its_daily_limit_is_exact(
    one: Ledger, other: Ledger
) -> None:
    await change(one, daily_limit=3)
    await due(one, *(f"SC-000{at}" for at in range(1, 6)))
    async with stopped(one.claim(2), one.file, writing("messages")) as first:
        second = await first.begin(other.claim())
        assert not second.done(), "it waits for the office"
    claims = [await first.task, await second]
    assert [len(its.messages) for its in claims] == [2, 1]
    assert held(one) == [DAILY_LIMIT] * 2
    assert await one.audit() == []


async def test_a_claim_of_another_office_does_not_wait(
    one: Ledger, other: Ledger
) -> None:
    numbers = "SC-0001", "SC-0002", "SC-0003"
    await one.register(*map(permit, numbers), permit("SC-0004", authority=COUNTY))
    await one.expand(PREPARE)
    assert len((await one.claim(1)).messages) == 1
    first_claim = one.claim(1)
    async with stopped(first_claim, one.file, _LOCK_PHONES) as first:
        second = await first.begin(other.claim(1))
        assert len((await second).messages) == 1, "while the county is locked"
    assert len((await first.task).messages) == 1
    assert one.states() == ["sending"] * 3


_LOCK_PHONES: Final = (
    "SELECT * FROM recipients WHERE id IN (SELECT recipient_id FROM permit_recipients "
    "JOIN permits p ON p.id = permit_id WHERE authority = '990001') FOR UPDATE"
)


async def test_a_phone_of_two_offices_gets_no_more_than_its_texts_of_the_day(
    one: Ledger, other: Ledger
) -> None:
    await change(one, recipient_daily_limit=1)
    await one.register(
        permit(phones=(PHONE_1,)),
        permit("SC-0002", authority=COUNTY, phones=(PHONE_1,)),
    )
    await one.expand(PREPARE)
    async with stopped(one.claim(1), one.file, writing("messages")) as first:
        second = await first.begin(other.claim(1))
        assert not second.done(), "it waits for the phone"
    claims = [await first.task, await second]
    assert [len(its.messages) for its in claims] == [1, 0]
    assert held(one) == [RECIPIENT_LIMIT]


async def test_two_offices_with_one_sender_keep_its_rate(
    one: Ledger, other: Ledger
) -> None:
    await change(one, messages_per_second=0.7)
    await one.register(permit(), permit("SC-0002", authority=COUNTY))
    await one.expand(PREPARE)
    async with stopped(one.claim(1), one.file, writing("messages")) as first:
        second = await first.begin(other.claim(1))
    claims = [await first.task, await second]
    [delays] = [[its.messages[0].delay for its in claims]]
    assert delays[0] == 0
    assert delays[1] > 0, "its turn comes later"


async def test_what_is_claimed_meanwhile_is_not_claimed_again(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001")
    async with stopped(one.claim(), one.file, writing("messages")) as first:
        second = await first.begin(other.claim())
    assert len((await first.task).messages) == 1
    assert (await second).examined == 0
    assert one.states() == ["sending"]


async def test_workers_record_and_claim_side_by_side(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001", "SC-0002")
    [message] = (await one.claim(1)).messages
    owner = one.message()["owner"]
    await one.begin(owner, message)
    recording = one.record(owner, [(message, Accepted("SM1"))])
    async with stopped(recording, one.file, writing("reminder_events")) as first:
        with closing(psycopg.connect(database_url(one.file))) as admin:
            exclusive = (
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                "AND mode = 'ShareLock' AND granted"
            )
            second = await first.begin(other.claim())
            assert admin.execute(exclusive).fetchall() == [(2,)], "neither is alone"
    await first.task
    assert len((await second).messages) == 1
    assert one.states() == ["accepted", "sending"]
    assert await one.audit() == []


async def test_one_id_for_two_messages_is_that_of_the_first_and_raises_an_alarm(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001", "SC-0002")
    owners = list[tuple[str, Outgoing]]()
    for _ in range(2):
        [message] = (await one.claim(1)).messages
        newest = "SELECT owner FROM messages ORDER BY id DESC LIMIT 1"
        owners.append((one.rows(newest)[0]["owner"], message))
        await one.begin(*owners[-1])
    records = [
        its.record(owner, [(message, Accepted("SM1"))])
        for its, (owner, message) in zip((one, other), owners, strict=True)
    ]
    async with stopped(records[0], one.file, writing("reminder_events")) as first:
        second = await first.begin(records[1])
        assert not second.done(), "it waits for the index of ids"
    await first.task
    await second
    assert one.states() == ["accepted", "sending"]
    assert one.alarms() == ["id of another message"]


async def test_a_law_that_is_changed_lets_a_claim_begin_again(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001")
    async with stopped(
        change(one, helpline="999"), one.file, writing("actions")
    ) as first:
        second = await first.begin(other.claim())
        assert not second.done()
    await first.task
    with pytest.raises(LawChangedError):
        await second
    assert one.states() == []


async def test_a_change_of_the_law_waits_for_a_claim(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001")
    rule = (await other.office.current_law()).rule(FOOD)
    edit = RulesEdit([replace(rule, min_gap_days=rule.min_gap_days + 1)])
    async with stopped(one.claim(), one.file, writing("messages")) as first:
        second = await first.begin(other.change(edit))
        assert not second.done()
    assert len((await first.task).messages) == 1
    await second
    assert await one.audit() == []


async def test_a_permit_that_comes_while_its_slot_is_expanded_is_reminded(
    one: Ledger, other: Ledger
) -> None:
    await one.register(permit())
    one.clock.move_to(PREPARE)
    async with stopped(one.expand(PREPARE), one.file, writing("reminders")) as first:
        second = await first.begin(other.register(permit("SC-0002")))
        assert not second.done()
    await first.task
    await second
    assert len(one.rows("SELECT DISTINCT permit_id FROM reminders")) == 2
    assert await one.audit() == []


async def test_a_slot_is_expanded_after_the_permit_that_comes_meanwhile(
    one: Ledger, other: Ledger
) -> None:
    await one.register(permit())
    coming = one.register(permit("SC-0002"))
    async with stopped(coming, one.file, writing("permit_recipients")) as first:
        second = await first.begin(other.expand(PREPARE))
        assert not second.done()
    await first.task
    assert await second == 2


async def test_a_slot_is_expanded_once_by_workers_that_do_it_at_the_same_time(
    one: Ledger, other: Ledger
) -> None:
    await one.register(permit())
    async with stopped(one.expand(PREPARE), one.file, writing("reminders")) as first:
        second = await first.begin(other.expand(PREPARE))
        assert not second.done()
    assert [await first.task, await second] == [1, 0]


@pytest.mark.parametrize("is_receipt_first", [True, False])
async def test_a_receipt_and_the_record_of_its_message_find_each_other(
    one: Ledger,
    other: Ledger,
    is_receipt_first: bool,  # noqa: FBT001 - a case
) -> None:
    await due(one, "SC-0001")
    [message] = (await one.claim()).messages
    owner = one.message()["owner"]
    await one.begin(owner, message)
    recording = one.record(owner, [(message, Accepted("SM1"))])
    delivered = word(MessageState.DELIVERED, "SM1", ref=message.id)
    receiving = other.receive(delivered)
    if is_receipt_first:
        async with stopped(receiving, one.file, writing("receipts")) as first:
            second = await first.begin(recording)
            assert not second.done()
    else:
        async with stopped(recording, one.file, writing("reminder_events")) as first:
            second = await first.begin(receiving)
            assert not second.done()
    await first.task
    await second
    assert one.states() == ["delivered"]
    assert await one.audit() == []


async def test_a_pause_lets_nothing_be_begun_that_was_claimed_meanwhile(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001")
    async with stopped(one.claim(), one.file, writing("messages")) as first:
        pausing = other.brakes.pause("all", "tester", "a test", PREPARE)
        second = await first.begin(pausing)
        assert not second.done()
    [message] = (await first.task).messages
    await second
    assert await one.begin(one.message()["owner"], message) == frozenset()


async def test_a_claim_waits_for_a_pause_and_takes_nothing(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001")
    pausing = other.brakes.pause("all", "tester", "a test", PREPARE)
    async with stopped(pausing, one.file, writing("actions")) as first:
        second = await first.begin(one.claim())
        assert not second.done()
    await first.task
    assert (await second).examined == 0


@pytest.mark.parametrize("what", ["claim", "record", "receive", "expand", "settle"])
async def test_everything_waits_for_a_chunk_of_an_import_and_nothing_longer(
    one: Ledger, other: Ledger, what: str
) -> None:
    await due(one, "SC-0001", "SC-0002")
    [message] = (await one.claim(1)).messages
    owner = one.message()["owner"]
    await one.begin(owner, message)
    work = {
        "claim": other.claim(),
        "record": other.record(owner, [(message, Accepted("SM1"))]),
        "receive": other.receive(word(MessageState.SENT, "SM1", ref=message.id)),
        "expand": other.expand(LAST_CALL),
        "settle": other.leases.expire_leases(PREPARE),
    }
    wanted = work.pop(what)
    for unwanted in work.values():
        unwanted.close()
    coming = one.register(permit("SC-0003"), permit("SC-0004"))
    async with stopped(coming, one.file, writing("permit_recipients")) as first:
        second = await first.begin(wanted)
        assert not second.done()
    await first.task
    await second
    assert await one.audit() == []


async def test_a_worker_whose_lease_was_taken_back_begins_and_records_nothing(
    one: Ledger, other: Ledger
) -> None:
    await due(one, "SC-0001")
    [message] = (await one.claim(lease=0.0)).messages
    owner = one.message()["owner"]
    expiring = other.leases.expire_leases(PREPARE)
    async with stopped(expiring, one.file, writing("reminder_events")) as first:
        second = await first.begin(one.begin(owner, message))
        assert not second.done()
    assert await first.task == 1
    assert await second == frozenset()
    assert len((await other.claim()).messages) == 1, "it is due again"
    await one.record(owner, [(message, Accepted("SM1"))])
    assert one.states() == ["sending"]
