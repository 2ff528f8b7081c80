"""After a failover nothing is sent twice: the provider is asked first."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from service.adapters.store.db.dialects import postgres_commit
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.delivery.outcome import Inbound
from service.domain.delivery.status import MessageState
from service.domain.errors import ConflictError, UnconfirmedCommitError
from tests.databases import copy_database, on_server
from tests.flow.conftest import open_copy, prepare_offices
from tests.flow.ledger import (
    FOOD,
    LAST_CALL,
    PATIENCE,
    PHONE_1,
    PREPARE,
    START,
    Ledger,
    open_ledger,
    permit,
    word,
)
from tests.postgres import Server


@pytest.fixture(scope="module")
def live(
    postgres: Server,
    tmp_path_factory: pytest.TempPathFactory,
    words: JinjaTemplateLibrary,
) -> Iterator[Path]:
    """An office that is live since `START`, on PostgreSQL."""
    file = tmp_path_factory.mktemp("failover") / "ledger.db"

    async def prepare() -> None:
        await prepare_offices(file, words, [FOOD])
        ledger = open_ledger(file, words)
        await ledger.go_live(FOOD, live_from=START)
        await ledger.database.dispose()

    with on_server(postgres):
        asyncio.run(prepare())
        yield file


@dataclass(frozen=True, slots=True)
class Replica:
    """A ledger, and what another server knows of it."""

    ledger: Ledger

    @property
    def _file(self) -> Path:
        return self.ledger.file.with_name("replica.db")

    async def receive(self) -> None:
        """Let the other server have all that is committed until now."""
        await self.ledger.database.dispose()
        copy_database(self.ledger.file, self._file)

    async def promote(self) -> None:
        """Let the ledger be on the other server, which knows what it received."""
        await self.ledger.database.dispose()
        copy_database(self._file, self.ledger.file)
        self.change_server()

    def change_server(self) -> None:
        """Let the server that the ledger was on last be another one."""
        self.ledger.tamper("UPDATE servers SET identity = identity || 'x'")


@pytest.fixture
async def replica(
    live: Path, tmp_path: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Replica]:
    async with open_copy(live, tmp_path, words) as ledger:
        assert await ledger.ask_first()  # stores the first server
        yield Replica(ledger)


async def test_a_text_that_was_sent_and_forgotten_is_not_sent_again(
    replica: Replica,
) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await replica.receive()
    assert await ledger.send() == 1
    await replica.promote()
    assert await ledger.send() == 0  # in doubt
    assert await ledger.ask_first()
    assert await ledger.send() == 0
    await ledger.settle(is_vouched=False)
    assert ledger.states() == ["accepted"]
    assert ledger.reminders()["prepare"] == ("sent", None)
    assert await ledger.send_at(PREPARE + timedelta(days=1)) == 0
    assert len(ledger.provider.posted) == 1
    assert await ledger.audit() == []


async def test_a_reminder_that_was_not_sent_is_sent_after_it_was_absent_twice(
    replica: Replica,
) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await replica.receive()
    await replica.promote()
    assert await ledger.ask_first()
    await ledger.settle()
    assert await ledger.send() == 0  # absent once
    await _let_leases_end(ledger)
    await asyncio.sleep(PATIENCE.total_seconds())
    await ledger.settle()
    assert ledger.reminders()["prepare"][0] == "due"
    assert await ledger.ask_first()  # nothing is asked about twice
    assert await ledger.send() == 1
    [row] = ledger.rows("SELECT returned FROM reminders WHERE step = 'prepare'")
    assert row["returned"] == 0
    assert await ledger.audit() == []


async def _let_leases_end(ledger: Ledger) -> None:
    """Let the last moment be over at which a worker could have POSTed."""
    ledger.tamper(
        "UPDATE messages SET lease_until = lease_until - interval '5 minutes', "
        "absent_at = absent_at - interval '5 minutes'"
    )


async def test_a_text_that_is_found_counts_for_the_limits_of_its_day(
    replica: Replica,
) -> None:
    """Nobody knew when it was claimed: a backup of nine days ago was restored."""
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await replica.receive()
    assert await ledger.send() == 1
    await replica.promote()
    await ledger.failover.store.check_server(ledger.clock.now())
    ledger.tamper(
        "UPDATE servers SET asked_since = asked_since - interval '9 days' "
        "WHERE asked_since IS NOT NULL"
    )
    _free_reader(ledger)
    assert await ledger.ask_first()
    await ledger.settle(is_vouched=False)
    [row] = ledger.rows("SELECT claimed_at, posted_at FROM messages")
    assert row["claimed_at"] == row["posted_at"]
    assert await ledger.audit() == []


async def test_what_was_claimed_before_counts_as_begun(replica: Replica) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    claim = await ledger.claim()
    await replica.receive()
    ledger.provider.lost = True
    await ledger.provider.send(replace(claim.messages[0], phone=PHONE_1))
    await replica.promote()
    await ledger.ask_first()
    await _let_leases_end(ledger)
    await ledger.settle(is_vouched=False)
    assert ledger.states() == ["accepted"]
    assert await ledger.send() == 0


async def test_nothing_is_begun_on_another_server(replica: Replica) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    claim = await ledger.claim()
    [row] = ledger.rows("SELECT owner FROM messages")
    replica.change_server()
    assert await ledger.begin(row["owner"], *claim.messages) == frozenset()
    await ledger.ask_first()
    assert await ledger.begin(row["owner"], *claim.messages) == frozenset()


async def test_a_slot_whose_expanding_was_forgotten_is_asked_about(
    replica: Replica,
) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await replica.receive()
    assert await ledger.send_at(PREPARE) == 1
    await replica.promote()
    assert await ledger.ask_first()  # nothing is due yet
    await ledger.expand(PREPARE)
    assert await ledger.send() == 0
    assert await ledger.ask_first()
    await ledger.settle(is_vouched=False)
    assert ledger.reminders()["prepare"] == ("sent", None)
    assert len(ledger.provider.posted) == 1


async def test_a_step_that_falls_due_after_the_change_is_sent_at_once(
    replica: Replica,
) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    replica.change_server()
    assert await ledger.ask_first()
    await ledger.expand(LAST_CALL)
    assert await ledger.ask_first()
    assert await ledger.send() == 1


async def test_an_opt_out_that_was_forgotten_is_read_again(replica: Replica) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    replica.change_server()
    ledger.provider.inbounds.append(Inbound("fake", "IN1", PHONE_1, "STOP", {}))
    ledger.provider.deaf = True
    assert not await ledger.ask_first()  # nothing is asked before it is read
    assert ledger.states() == []
    ledger.provider.deaf = False
    _free_reader(ledger)
    assert await ledger.ask_first()
    assert ledger.reminders()["prepare"] == ("suppressed", "opted out")
    assert ledger.states() == []


@pytest.mark.parametrize("last", ["STOP", "START"])
async def test_a_forgotten_start_does_not_revoke_a_later_stop_that_is_known(
    replica: Replica, last: str
) -> None:
    """It came to the new server before the texts were read again."""
    ledger = replica.ledger
    await ledger.register(permit())
    assert await ledger.hear("STOP", sid="IN0")
    replica.change_server()
    assert await ledger.hear(last, sid="IN2")
    ledger.provider.inbounds += [
        Inbound("fake", "IN1", PHONE_1, "START", {}),
        Inbound("fake", "IN2", PHONE_1, last, {}),
    ]
    assert await ledger.ask_first()
    [row] = ledger.rows("SELECT opted_out_at FROM recipients")
    assert (row["opted_out_at"] is None) == (last == "START")


def _free_reader(ledger: Ledger) -> None:
    ledger.tamper("UPDATE servers SET reader_until = NULL")


async def test_one_worker_reads_the_texts_again(replica: Replica) -> None:
    ledger = replica.ledger
    replica.change_server()
    ledger.provider.deaf = True
    assert not await ledger.ask_first()
    ledger.provider.deaf = False
    asked = len(ledger.provider.accounts)
    assert not await ledger.ask_first()  # the first one's lease lasts
    assert len(ledger.provider.accounts) == asked


async def test_where_the_provider_cannot_be_asked_a_person_decides(
    replica: Replica,
) -> None:
    ledger = replica.ledger
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.expand(PREPARE)
    with pytest.raises(ConflictError, match="no failover"):
        await ledger.failover.store.release("tester", "why", ledger.clock.now())
    replica.change_server()
    ledger.provider.finds_by_our_id = True
    assert await ledger.ask_first()
    assert await ledger.send() == 0
    held = ledger.rows("SELECT hold_reason FROM reminders WHERE state = 'due'")
    assert {row["hold_reason"] for row in held} == {"perhaps sent before a failover"}
    store = ledger.failover.store
    assert await store.release("tester", "they were not", ledger.clock.now()) == 2
    assert await ledger.ask_first()
    assert await ledger.send() == 2
    [row] = ledger.rows("SELECT * FROM actions WHERE what = 'failover send'")
    assert row["by"] == "tester"
    assert await ledger.audit() == []


async def test_a_decision_while_nothing_was_asked_yet_lets_sending_go_on(
    replica: Replica,
) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    replica.change_server()
    ledger.provider.finds_by_our_id = True
    store, now = ledger.failover.store, ledger.clock.now()
    assert (await store.check_server(now)).is_in_doubt
    assert await store.release("tester", "none was sent", now) == 0
    assert await ledger.send() == 0
    assert await ledger.ask_first()
    assert await ledger.send() == 1


async def test_a_receipt_of_a_forgotten_message_belongs_to_it_once_it_is_bound(
    replica: Replica,
) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await replica.receive()
    assert await ledger.send() == 1
    await replica.promote()
    await ledger.receive(
        word(MessageState.DELIVERED, ref="0" * 8 + "-0000-7000-8000-" + "0" * 12)
    )
    assert await ledger.ask_first()
    await ledger.settle(is_vouched=False)
    assert ledger.states() == ["delivered"]
    assert await ledger.audit() == []


@pytest.mark.parametrize("registered", [True, False])
async def test_what_a_second_failover_may_find_unasked_is_asked_since_the_first(
    replica: Replica, *, registered: bool
) -> None:
    """Also what is registered again only later: the first one forgot it."""
    ledger = replica.ledger
    if registered:
        await ledger.register(permit())
        await ledger.expand(PREPARE)
    replica.change_server()
    await ledger.failover.store.check_server(ledger.clock.now())
    ledger.tamper(
        "UPDATE servers SET asked_since = asked_since - interval '9 days' "
        "WHERE asked_since IS NOT NULL"
    )
    replica.change_server()
    _free_reader(ledger)
    assert await ledger.ask_first()
    [row] = ledger.rows("SELECT count(DISTINCT asked_since) AS instants FROM servers")
    assert row["instants"] == 1


async def test_what_no_standby_confirms_as_begun_is_not_posted(
    replica: Replica, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = replica.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    monkeypatch.setattr(postgres_commit, "LONGEST_CONFIRMATION", 0.1)
    postgres.configure("synchronous_standby_names", "nobody")
    try:
        with pytest.raises(UnconfirmedCommitError):
            await ledger.send()
    finally:
        postgres.configure("synchronous_standby_names", "")
    assert ledger.provider.posted == []
    assert ledger.states() == []  # given back: it was provably not posted
    assert await ledger.send() == 1
