"""Import a result file of an SMS platform: its rows become receipts or rejects."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from service.domain.delivery.outcome import Receipt
from service.domain.errors import InvalidError, Mistake
from service.flow.permits.imported_rows.outcomes import REJECTED
from service.flow.ports import Clock
from service.flow.sending.outcomes.receive import ReceiveStore, receive

CHUNK = 1000
"""Rows in one transaction."""

MOVED, UNCHANGED = "moved", "unchanged"

_UNKNOWN = InvalidError(
    "row", [Mistake("id", "an unknown id", "the id of a message sent from here")]
)


class ResultRow(Protocol):
    """A row of the file: a receipt with a known state, or an error."""

    @property
    def line(self) -> int:
        """Its line number in the file."""

    @property
    def raw(self) -> Mapping[str, str]:
        """Its cells as found, by column."""

    @property
    def receipt(self) -> Receipt | None:
        """The receipt, if the row is valid."""

    @property
    def error(self) -> InvalidError | None:
        """The error, if the row is invalid."""


class RejectWriter(Protocol):
    """Takes the rows that are not imported."""

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Write one row with the reason why it was rejected."""


async def import_results(
    rows: Iterable[ResultRow],
    provider: str,
    store: ReceiveStore,
    clock: Clock,
    rejects: RejectWriter,
    *,
    counts: Counter[str],
) -> None:
    """Import results chunk by chunk, and count the rows by what they changed.

    "moved" rows changed the state of a message, "unchanged" rows did not and may have
    been imported before, "rejected" rows are invalid or belong to no message. After an
    error, `counts` says what was done before.
    """
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
        counts.update({MOVED: moved, UNCHANGED: len(new) - moved})


async def _match_receipts(
    chunk: Sequence[ResultRow], provider: str, store: ReceiveStore
) -> AsyncIterator[tuple[ResultRow, Receipt | InvalidError | None]]:
    """Yield each row with its receipt; None if that was received before."""
    ids = [row.receipt.provider_id for row in chunk if row.receipt]
    known = await store.receipts_of(provider, ids)
    for row in chunk:
        receipt = row.receipt
        if receipt is None or receipt.state is None:
            yield row, row.error or _UNKNOWN
        elif receipt.provider_id not in known:
            yield row, _UNKNOWN
        else:
            status = receipt.state, receipt.code
            before = known[receipt.provider_id]
            yield row, None if status in before else receipt
            before.add(status)
