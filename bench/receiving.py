"""Callbacks recorded in batches as `serve` does, beside one transaction for each.

    python bench/receiving.py

Each message has two receipts, `sent` and `delivered`. All receipts of a round come at
once, on one SQLite file and in one process; both ways take turns with as many messages
each, and the medians are compared.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final
from uuid import UUID

from giving_back import MESSAGES, accept, claim_and_record
from office import fill, groups, installed
from sqlalchemy import text

from service.adapters.store.db.database import Database
from service.adapters.store.slots.expand import SqlExpandStore
from service.app import Installation, build_installation
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import MessageState
from service.flow.sending.expand import expand
from service.flow.sending.outcomes.receipt_batches import ReceiptBatches
from service.flow.sending.outcomes.receive import receive
from service.settings import Settings

CLAIMS: Final = 3
ROUNDS: Final = 3
"""Claims before each round, and rounds of each way."""

Receive = Callable[[Installation, Sequence[Receipt]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds for a receipt: by the wall clock, and of the processor."""

    wall: float
    busy: float


async def measure_receipts(folder: Path) -> list[str]:
    """Compare both ways, and return the lines that `make bench` prints."""
    file = folder / "receiving.db"
    law = await installed(file)
    fill(file, 2 * ROUNDS * CLAIMS * MESSAGES, groups(law, 100))
    database = Database(f"sqlite:///{file}")
    try:
        settings = Settings(database_url=f"sqlite:///{file}")
        installation = await build_installation(settings, database)
        await expand(SqlExpandStore(database), installation.clock)
        together, alone = list[Spent](), list[Spent]()
        for _ in range(ROUNDS):
            together.append(await _spent(installation, _receive_at_once))
            alone.append(await _spent(installation, _receive_one_by_one))
    finally:
        await database.dispose()
    return [_sentence(together, alone)]


async def _spent(installation: Installation, receive_all: Receive) -> Spent:
    """Let messages be accepted, and receive their receipts."""
    for _ in range(CLAIMS):
        await claim_and_record(installation, accept)
    receipts = await _receipts_of_accepted(installation)
    assert len(receipts) == 2 * CLAIMS * MESSAGES
    began, began_busy = perf_counter(), process_time()
    await receive_all(installation, receipts)
    wall, busy = perf_counter() - began, process_time() - began_busy
    assert not await _receipts_of_accepted(installation)
    return Spent(wall / len(receipts), busy / len(receipts))


async def _receipts_of_accepted(installation: Installation) -> list[Receipt]:
    """Two receipts for each message without one, as a provider's callbacks."""
    wanted = "SELECT id, provider, provider_id FROM messages WHERE state = 'accepted'"
    async with installation.database.read() as connection:
        rows = (await connection.execute(text(wanted))).all()
    return [
        Receipt(
            row.provider,
            row.provider_id,
            state,
            {"MessageStatus": str(state), "MessageSid": row.provider_id},
            message_id=str(UUID(row.id)),
        )
        for state in (MessageState.SENT, MessageState.DELIVERED)
        for row in rows
    ]


async def _receive_at_once(
    installation: Installation, receipts: Sequence[Receipt]
) -> None:
    batches = ReceiptBatches(installation.receive_store, installation.clock)
    await asyncio.gather(*map(batches.receive, receipts))


async def _receive_one_by_one(
    installation: Installation, receipts: Sequence[Receipt]
) -> None:
    for one in receipts:
        await receive([one], installation.receive_store, installation.clock)


def _sentence(together: Sequence[Spent], alone: Sequence[Spent]) -> str:
    ours, peer = (median(one.wall for one in runs) for runs in (together, alone))
    busy, most = (median(one.busy for one in runs) for runs in (together, alone))
    return (
        f"receiving: {peer / ours:.1f} times as many callbacks in batches as one by "
        f"one; {1 / ours:,.0f}/s and {1 / peer:,.0f}/s ({busy * 1e6:.0f} and "
        f"{most * 1e6:.0f} µs of processor each; medians of {ROUNDS} runs of "
        f"{2 * CLAIMS * MESSAGES:,})"
    )


async def main() -> None:
    with TemporaryDirectory(prefix="permit-reminders-bench-") as folder:
        print(*await measure_receipts(Path(folder)), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
