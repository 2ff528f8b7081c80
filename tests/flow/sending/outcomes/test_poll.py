"""Asking the provider: its list first, then what that does not have, within bounds."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import event

from service.adapters.store.sending.receive import SqlReceiveStore
from service.domain.delivery.status import MessageState
from service.flow.sending.outcomes.receive import (
    FETCHED,
    KNOWN_AFTER,
    poll_receipts,
)
from tests.flow.fakes import FakeProvider
from tests.flow.ledger import PREPARE, Ledger, permit, word
from tests.flow.once import Once

M = MessageState


async def one_text(ledger: Ledger) -> None:
    """One message, accepted as SM1."""
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1


@pytest.fixture
async def sent(ledger: Ledger, once: Once) -> Ledger:
    """After `one_text`."""
    await once(one_text, ledger)
    return ledger


async def test_polling_asks_about_messages_without_a_final_receipt(
    sent: Ledger,
) -> None:
    sent.provider.become(M.DELIVERED)
    assert await sent.poll(grace=timedelta(hours=1)) == 0, "callbacks still may come"
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    assert await sent.poll(grace=timedelta(hours=1)) == 1
    assert sent.states() == ["delivered"]
    assert await sent.poll() == 0
    assert await sent.audit() == []


async def test_polling_stores_no_receipt_without_news(sent: Ledger) -> None:
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    assert await sent.poll() == 0
    sent.provider.deaf = True
    assert await sent.poll() == 0
    assert sent.rows("SELECT * FROM receipts") == []


async def test_receipts_missed_while_no_worker_ran_are_polled(sent: Ledger) -> None:
    sent.provider.become(M.DELIVERED)
    sent.clock.move_to(PREPARE + timedelta(days=29))
    assert await sent.poll(grace=timedelta(hours=1)) == 1
    assert sent.states() == ["delivered"]
    assert await sent.audit() == []


async def test_messages_are_not_polled_after_thirty_days(sent: Ledger) -> None:
    sent.provider.become(M.DELIVERED)
    sent.clock.move_to(PREPARE + timedelta(days=30, seconds=1))
    assert await sent.poll() == 0


async def test_a_message_without_an_answer_is_polled_less_and_less_often(
    sent: Ledger,
) -> None:
    sent.provider.unlisted = {"SM1"}
    asked = []
    for hour in range(1, 30 * 24):
        sent.clock.move_to(PREPARE + timedelta(hours=hour))
        sent.provider.fetched.clear()
        await sent.poll(grace=timedelta(hours=1))
        asked += [hour] * len(sent.provider.fetched)
    last = 29 * 24
    assert asked == [2, 4, 8, 16, 32, 64, 128, 256, 512, last]


async def test_a_clock_that_ran_ahead_puts_no_question_off(sent: Ledger) -> None:
    await sent.expand(PREPARE + timedelta(days=20))
    assert await sent.poll() == 0
    await sent.expand(PREPARE + timedelta(days=1))
    sent.provider.become(M.DELIVERED)
    assert await sent.poll() == 1


async def test_a_list_is_read_three_days_back_and_older_messages_are_fetched_singly(
    ledger: Ledger,
) -> None:
    ids = await sent_many(ledger, 5)
    earlier = "UPDATE messages SET posted_after = datetime(posted_after, '-73 hours')"
    ledger.tamper(*(f"{earlier} WHERE provider_id = '{ids[at]}'" for at in (0, 4)))
    ledger.provider.become(M.DELIVERED)
    assert await ledger.poll() == 5
    assert ledger.provider.fetched == [ids[0], ids[4]]
    [(listed, since)] = ledger.provider.listed
    assert set(listed) == set(ids[1:4])
    oldest = "SELECT min(posted_after) AS at FROM messages WHERE provider_id IN "
    [row] = ledger.rows(f"{oldest} ('{ids[1]}', '{ids[2]}', '{ids[3]}')")
    assert str(since.replace(tzinfo=None)) in row["at"]


async def test_listing_messages_without_a_final_receipt_reads_no_others(
    sent: Ledger,
) -> None:
    said = list[str]()
    reader = sent.database._reader.sync_engine  # noqa: SLF001 - what it says to SQLite

    @event.listens_for(reader, "before_cursor_execute")
    def _hear(*args: object) -> None:
        said.append(str(args[2]))

    assert await sent.poll() == 0
    [asked] = [one for one in said if "FROM messages" in one]
    plan = sent.rows("EXPLAIN QUERY PLAN " + asked.replace("?", "'2024'"))
    assert "ix_messages_unheard (provider=? AND accepted_at" in plan[0]["detail"]


async def test_where_nothing_could_be_asked_the_next_pass_asks(sent: Ledger) -> None:
    sent.clock.move_to(PREPARE + timedelta(days=9))
    sent.provider.deaf = True
    assert await sent.poll() == 0
    sent.provider.become(M.DELIVERED)
    sent.provider.deaf = False
    assert await sent.poll() == 1


async def sent_many(ledger: Ledger, count: int) -> Sequence[str]:
    """So many messages, a minute of the database's later; their ids, oldest first."""
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, count + 1)))
    assert await ledger.send_at(PREPARE) == count
    ledger.clock.move_to(PREPARE + timedelta(minutes=1))
    found = ledger.rows("SELECT provider_id FROM messages ORDER BY accepted_at, id")
    return [row["provider_id"] for row in found]


async def test_listed_messages_are_not_fetched_singly(ledger: Ledger) -> None:
    ids = await sent_many(ledger, 30)
    ledger.provider.become(M.SENT)
    ledger.provider.unlisted = {ids[3], ids[20]}
    assert await ledger.poll() == 30
    assert ledger.provider.fetched == [ids[3], ids[20]], "the oldest first"
    assert set(ledger.states()) == {"sent"}


async def test_where_no_list_can_be_had_nothing_is_asked_for(sent: Ledger) -> None:
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    sent.provider.deaf = True
    assert await sent.poll() == 0
    assert sent.provider.fetched == [], "a hundred timeouts would hold everything up"


async def test_a_pass_asks_only_for_so_many_and_every_one_has_its_turn(
    ledger: Ledger,
) -> None:
    ids = await sent_many(ledger, FETCHED + 60)
    ledger.provider.unlisted = set(ids)
    ledger.provider.taken.clear()  # none of them will ever get an answer
    assert await ledger.poll() == 0
    assert ledger.provider.fetched == ids[:FETCHED]
    assert await ledger.poll() == 0
    assert ledger.provider.fetched == ids
    ledger.clock.move_to(PREPARE + timedelta(minutes=2))
    assert await ledger.poll() == 0
    assert ledger.provider.fetched[len(ids) :] == ids[:FETCHED]


async def forgotten(sent: Ledger) -> None:
    """The provider does not know the id that it gave, and lists other messages."""
    sent.provider.unlisted = {"SM1"}
    sent.provider.taken.clear()


async def test_an_accepted_id_that_the_provider_does_not_know_is_one_alarm(
    sent: Ledger,
) -> None:
    await forgotten(sent)
    for hours in (1, 2, 5, 24):
        sent.clock.move_to(PREPARE + timedelta(hours=hours))
        assert await sent.poll() == 0
    assert len(sent.provider.fetched) > 1
    assert sent.alarms() == ["unknown provider id"]
    assert sent.message()["reason"] == "the provider does not know its id"
    assert sent.states() == ["accepted"]
    assert await sent.audit() == []


async def test_an_id_that_the_provider_may_not_know_yet_is_no_alarm(
    sent: Ledger,
) -> None:
    await forgotten(sent)
    sent.clock.move_to(PREPARE + KNOWN_AFTER - timedelta(seconds=1))
    assert await sent.poll() == 0
    assert sent.provider.fetched == ["SM1"]
    assert sent.alarms() == []


async def test_a_provider_that_cannot_be_asked_is_no_alarm(sent: Ledger) -> None:
    class ListingOnly(FakeProvider):
        async def fetch_receipt(self, provider_id: str) -> None:
            self.fetched.append(provider_id)

    provider = ListingOnly()
    provider.unlisted = {"SM1"}
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    store = SqlReceiveStore(sent.database)
    await poll_receipts(provider, store, sent.clock, timedelta())
    assert provider.fetched == ["SM1"]
    assert sent.alarms() == []


async def test_a_message_that_had_a_receipt_was_known_to_the_provider(
    sent: Ledger,
) -> None:
    await sent.receive(word(M.SENT))
    await forgotten(sent)
    sent.clock.move_to(PREPARE + timedelta(days=2))
    assert await sent.poll() == 0
    assert sent.provider.fetched == ["SM1"]
    assert sent.alarms() == []


@pytest.mark.parametrize("code", [None, "30007"], ids=["delivered", "failed"])
async def test_a_receipt_after_all_takes_the_mark_away(
    sent: Ledger, code: str | None
) -> None:
    await forgotten(sent)
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    await sent.poll()
    state = M.UNDELIVERED if code else M.DELIVERED
    assert await sent.receive(word(state, code=code)) == 1
    assert sent.message()["reason"] is None
    assert await sent.audit() == []


async def test_receipts_of_messages_that_were_not_asked_about_are_ignored(
    sent: Ledger,
) -> None:
    sent.clock.move_to(PREPARE + timedelta(hours=2))
    sent.provider.strangers = [word(M.FAILED, "SM77"), word(None, "SM78")]
    sent.provider.become(M.DELIVERED)
    assert await sent.poll() == 1
    [kept] = sent.rows("SELECT * FROM receipts")
    assert kept["provider_id"] == "SM1"


async def test_an_unknown_state_is_stored_once_however_often_it_is_reported(
    sent: Ledger,
) -> None:
    sent.provider.become(None)
    for hour in range(1, 4):
        sent.clock.move_to(PREPARE + timedelta(hours=hour))
        assert await sent.poll() == 0
    [kept] = sent.rows("SELECT * FROM receipts")
    assert (kept["state"], kept["moved"]) == (None, 0)
    assert sent.states() == ["accepted"]
