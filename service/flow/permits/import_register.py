"""A register's file imported: good rows are stored, bad ones handed back."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from service.domain.errors import InvalidError
from service.domain.permits.permit import Permit
from service.flow.permits.register import CHUNK, RegisterDeps, RegisterSource, register

REJECTED = "rejected"
"""Outcome of a row that is not stored."""


class RegisterRow(Protocol):
    """A row of a file: either a permit, or an error that lists all its mistakes."""

    @property
    def line(self) -> int:
        """The number of its line in the file."""

    @property
    def raw(self) -> Mapping[str, str]:
        """Its cells as they stand in the file, by column."""

    @property
    def permit(self) -> Permit | None:
        """The permit; None if the row has a mistake."""

    @property
    def error(self) -> InvalidError | None:
        """The mistakes; None if the row has none."""


class RejectWriter(Protocol):
    """Takes the rows that are not stored."""

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Write one row with the reason why it was rejected."""


async def import_register(
    rows: Iterable[RegisterRow],
    source: RegisterSource,
    deps: RegisterDeps,
    rejects: RejectWriter,
) -> Counter[str]:
    """Register the rows of a file chunk by chunk; the number of rows by outcome.

    Outcomes: "registered", "changed", "unchanged", "rejected", and "inactive" or
    "expired" for permits that are not stored because nothing would be sent for them.
    """
    counts: Counter[str] = Counter()
    source_rows = iter(rows)
    while chunk := list(islice(source_rows, CHUNK)):
        permits = [row.permit for row in chunk if row.permit is not None]
        done = await register(permits, source, deps, skip_idle=True)
        for row, outcome in _pair_outcomes(chunk, done):
            if isinstance(outcome, InvalidError):
                rejects.add(row.line, row.raw, outcome.reason)
                outcome = REJECTED  # noqa: PLW2901 - counted, no longer explained
            counts[outcome] += 1
    return counts


def _pair_outcomes(
    chunk: Iterable[RegisterRow], done: Iterable[str | InvalidError]
) -> Iterator[tuple[RegisterRow, str | InvalidError]]:
    outcomes = iter(done)
    for row in chunk:
        yield row, next(outcomes) if row.error is None else row.error
