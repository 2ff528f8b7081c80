"""Record receipts that arrive one by one, many in a transaction.

Thousands of callbacks may come within seconds of each other, and a transaction for each
would leave no time for sending.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.delivery.outcome import Receipt
from service.flow.ports import Clock
from service.flow.sending.outcomes.receive import (
    RECEIPTS_PER_TRANSACTION,
    ReceiveStore,
    receive,
)

PAUSE = 0.1
"""Seconds between two transactions, if receipts wait already. SQLite has no queue:
other processes try again every 100 ms at most (sqlite.org/c3ref/busy_timeout.html), and
one that does not pause for so long keeps them out."""

MAX_CONSECUTIVE_FAILURES = 3
"""After so many single failures in a row, the store is at fault and not a receipt."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    receipt: Receipt
    recorded: asyncio.Future[None]


class ReceiptBatches:
    """Takes receipts one by one; those that arrive meanwhile share a transaction."""

    def __init__(
        self,
        store: ReceiveStore,
        clock: Clock,
        max_receipts: int = RECEIPTS_PER_TRANSACTION,
    ) -> None:
        self._store, self._clock, self._max_receipts = store, clock, max_receipts
        self._waiting: list[_Waiting] = []
        self._recording: asyncio.Task[None] | None = None

    async def receive(self, receipt: Receipt) -> None:
        """Record a receipt: returns once it is committed, raises if it was not."""
        recorded = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(receipt, recorded))
        if self._recording is None or self._recording.done():
            self._recording = asyncio.create_task(self._record_waiting())
        await recorded

    async def close(self) -> None:
        """Wait until all is recorded, even what nobody waits for any more."""
        if self._recording is not None:
            await self._recording

    async def _record_waiting(self) -> None:
        while self._waiting:
            batch = self._waiting[: self._max_receipts]
            del self._waiting[: len(batch)]
            await self._record(batch)
            if self._waiting:
                await asyncio.sleep(PAUSE)

    async def _record(self, batch: Sequence[_Waiting]) -> None:
        """Record a batch; if that fails, one by one, for one may be at fault."""
        if await self._try_to_record(batch) is None:
            return
        failures, error = 0, None
        for one in batch:
            if failures < MAX_CONSECUTIVE_FAILURES:
                error = await self._try_to_record([one])
                failures = failures + 1 if error else 0
            if error is not None and not one.recorded.done():
                one.recorded.set_exception(error)

    async def _try_to_record(self, batch: Sequence[_Waiting]) -> Exception | None:
        """Record receipts in one transaction; the error, if there was one."""
        try:
            receipts = [one.receipt for one in batch]
            await receive(receipts, self._store, self._clock)
        except Exception as error:  # noqa: BLE001 - those that wait get it
            return error
        for one in batch:
            if not one.recorded.done():
                one.recorded.set_result(None)
        return None
