"""Receipts that come at once share transactions, and each is answered for itself."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import SQLAlchemyError

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import receipts
from service.adapters.store.sending.receive import SqlReceiveStore
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import MessageState
from service.flow.sending.outcomes.receipt_batches import (
    MAX_CONSECUTIVE_FAILURES,
    ReceiptBatches,
)
from tests.flow.ledger import PREPARE, Ledger, permit, word

M = MessageState
MOST = 20
TOO_MANY = 2 * MOST + 5


@pytest.fixture
def batches(ledger: Ledger) -> ReceiptBatches:
    return ReceiptBatches(SqlReceiveStore(ledger.database), ledger.clock, MOST)


@contextmanager
def transactions(database: Database) -> Iterator[list[str]]:
    """How each transaction of the writer ends."""
    ends = list[str]()
    writer = database._writer.sync_engine  # noqa: SLF001 - what it says to SQLite
    hearing = [
        (name, lambda _, name=name: ends.append(name))
        for name in ("commit", "rollback")
    ]
    for name, hear in hearing:
        event.listen(writer, name, hear)
    try:
        yield ends
    finally:
        for name, hear in hearing:
            event.remove(writer, name, hear)


def strangers(count: int) -> list[Receipt]:
    """Receipts of messages that are not ours: each is stored all the same."""
    return [word(M.DELIVERED, f"SX{at}") for at in range(count)]


def unstorable() -> Receipt:
    """A receipt that no statement can store."""
    raw = cast("dict[str, str]", {"MessageStatus": object()})
    return replace(word(M.DELIVERED, "SX-bad"), raw=raw)


def stored(ledger: Ledger) -> int:
    [row] = ledger.rows("SELECT count(*) AS count FROM receipts")
    return int(row["count"])


async def test_receipts_that_come_at_once_share_a_transaction(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 21)))
    assert await ledger.send_at(PREPARE) == 20
    ids = [one.provider_id for one in ledger.provider.taken]
    with transactions(ledger.database) as ends:
        await asyncio.gather(*(batches.receive(word(M.DELIVERED, sid)) for sid in ids))
    assert ends == ["commit"]
    assert set(ledger.states()) == {"delivered"}
    assert await ledger.audit() == []


async def test_a_transaction_has_only_so_many_receipts(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    with transactions(ledger.database) as ends:
        await asyncio.gather(*map(batches.receive, strangers(TOO_MANY)))
    assert ends == ["commit"] * 3
    assert stored(ledger) == TOO_MANY


async def test_a_receipt_is_answered_when_it_is_committed_and_not_before(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    async with ledger.database.write():
        task = asyncio.create_task(batches.receive(word(M.DELIVERED, "SX1")))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not task.done()
        assert stored(ledger) == 0
    await task
    assert stored(ledger) == 1


async def test_receipts_that_come_during_a_transaction_are_in_the_next(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    with transactions(ledger.database) as ends:
        async with ledger.database.write():
            first = asyncio.create_task(batches.receive(word(M.DELIVERED, "SX-first")))
            for _ in range(100):
                await asyncio.sleep(0)
            others = [asyncio.create_task(batches.receive(one)) for one in strangers(9)]
            await asyncio.sleep(0)
        await asyncio.gather(first, *others)
    assert ends == ["commit"] * 3, "this test's own, the first one's, the others'"


async def test_a_receipt_that_cannot_be_stored_fails_alone(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    given = [*strangers(5), unstorable(), word(M.DELIVERED, "SX-last")]
    ends = await asyncio.gather(*map(batches.receive, given), return_exceptions=True)
    assert [type(one) for one in ends if one is not None] == [
        type(one) for one in ends if isinstance(one, Exception)
    ]
    assert [one is None for one in ends] == [*[True] * 5, False, True]
    assert stored(ledger) == 6


async def test_a_store_that_fails_is_not_asked_for_each_receipt(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    ledger.tamper("DROP TABLE receipts")
    with transactions(ledger.database) as ends:
        found = await asyncio.gather(
            *map(batches.receive, strangers(MOST)), return_exceptions=True
        )
    assert all(isinstance(one, SQLAlchemyError) for one in found)
    assert ends == ["rollback"] * (1 + MAX_CONSECUTIVE_FAILURES)


async def test_another_process_gets_its_turn_between_two_batches(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    other, total = Database(f"sqlite:///{ledger.file}"), 5 * MOST

    async def write_once() -> int:
        async with other.write() as connection:
            return int(
                (
                    await connection.execute(select(func.count()).select_from(receipts))
                ).scalar_one()
            )

    tasks = [asyncio.create_task(batches.receive(one)) for one in strangers(total)]
    while not ledger.database._write_lock.locked():  # noqa: ASYNC110, SLF001 - its first
        await asyncio.sleep(0)
    seen = await write_once()
    assert seen < total
    await asyncio.gather(*tasks)
    await other.dispose()
    assert stored(ledger) == total


async def test_closing_waits_for_receipts_whose_request_has_gone(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    tasks = [asyncio.create_task(batches.receive(one)) for one in strangers(TOO_MANY)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await batches.close()
    assert stored(ledger) == TOO_MANY
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_closing_what_received_nothing_waits_for_nothing(
    batches: ReceiptBatches,
) -> None:
    await batches.close()


async def test_more_receipts_are_recorded_after_a_failure(
    ledger: Ledger, batches: ReceiptBatches
) -> None:
    with pytest.raises(SQLAlchemyError):
        await batches.receive(unstorable())
    await batches.receive(word(M.DELIVERED, "SX1"))
    assert stored(ledger) == 1
