"""A platform's file of results: receipts of messages of ours, rejects elsewhere."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from service.domain.delivery.outcome import Receipt
from service.domain.errors import InvalidError, Mistake
from service.flow.permits.import_register import REJECTED, RejectWriter
from service.flow.ports import Clock
from service.flow.sending.receive import ReceiveStore, receive

CHUNK = 1000
"""Rows taken in one transaction."""

MOVED, UNCHANGED = "moved", "unchanged"

_UNKNOWN = InvalidError(
    "row", [Mistake("id", "one that nobody knows", "the id of a message of ours")]
)


class ResultRow(Protocol):
    """A row of a file: a receipt whose state is known, or an error."""

    @property
    def line(self) -> int:
        """The line of the file it stands on."""

    @property
    def raw(self) -> Mapping[str, str]:
        """Its cells as found, by column."""

    @property
    def receipt(self) -> Receipt | None:
        """What it says, where the row is right."""

    @property
    def error(self) -> InvalidError | None:
        """What is wrong, where it is not."""


async def import_results(
    rows: Iterable[ResultRow],
    provider: str,
    store: ReceiveStore,
    clock: Clock,
    rejects: RejectWriter,
) -> Counter[str]:
    """Read results back chunk by chunk; how many rows came to what.

    "moved" rows told something new of a message, "unchanged" ones nothing, and were
    perhaps read before; "rejected" ones are of no message of ours, or wrong.
    """
    counts: Counter[str] = Counter()
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        new = list[Receipt]()
        async for row, receipt in _match_receipts(chunk, provider, store):
            if isinstance(receipt, InvalidError):
                rejects.add(row.line, row.raw, receipt.reason)
                counts[REJECTED] += 1
            elif receipt is None:
                counts[UNCHANGED] += 1
            else:
                new.append(receipt)
        moved = await receive(new, store, clock)
        counts += Counter({MOVED: moved, UNCHANGED: len(new) - moved})
    return counts


async def _match_receipts(
    chunk: Sequence[ResultRow], provider: str, store: ReceiveStore
) -> AsyncIterator[tuple[ResultRow, Receipt | InvalidError | None]]:
    """Each row with its receipt: None where that was received before."""
    ids = [row.receipt.provider_id for row in chunk if row.receipt]
    words = await store.receipts_of(provider, ids)
    for row in chunk:
        receipt = row.receipt
        if receipt is None or receipt.state is None:
            yield row, row.error or _UNKNOWN
        elif receipt.provider_id not in words:
            yield row, _UNKNOWN
        else:
            word = receipt.state, receipt.code
            before = words[receipt.provider_id]
            yield row, None if word in before else receipt
            before.add(word)
