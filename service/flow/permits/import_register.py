"""A register's file, row by row: good rows go in, bad ones come back with a reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from service.domain.errors import InvalidError
from service.domain.permits.permit import Permit
from service.flow.permits.register import CHUNK, RegisterDeps, RegisterSource, register

REJECTED = "rejected"


class RegisterRow(Protocol):
    """A row of a file: a permit, or an error with all its mistakes."""

    @property
    def line(self) -> int:
        """The line of the file it stands on."""

    @property
    def raw(self) -> Mapping[str, str]:
        """Its cells as found, by column."""

    @property
    def permit(self) -> Permit | None:
        """The permit, where the row is right."""

    @property
    def error(self) -> InvalidError | None:
        """What is wrong, where it is not."""


class RejectWriter(Protocol):
    """Where refused rows go."""

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Hand back one row."""


async def import_register(
    rows: Iterable[RegisterRow],
    source: RegisterSource,
    deps: RegisterDeps,
    rejects: RejectWriter,
) -> Counter[str]:
    """Register a file chunk by chunk; how many rows came to what.

    "registered", "changed", "unchanged", "inactive" and "expired" (not known yet, and
    nothing would be sent), "rejected".
    """
    counts: Counter[str] = Counter()
    source_rows = iter(rows)
    while chunk := list(islice(source_rows, CHUNK)):
        permits = [row.permit for row in chunk if row.permit is not None]
        done = await register(permits, source, deps, skip_idle=True)
        for row, outcome in _pair_outcomes(chunk, done):
            if isinstance(outcome, InvalidError):
                rejects.add(row.line, row.raw, outcome.reason)
                outcome = REJECTED  # noqa: PLW2901 - told as a count from here
            counts[outcome] += 1
    return counts


def _pair_outcomes(
    chunk: Iterable[RegisterRow], done: Iterable[str | InvalidError]
) -> Iterator[tuple[RegisterRow, str | InvalidError]]:
    outcomes = iter(done)
    for row in chunk:
        yield row, next(outcomes) if row.error is None else row.error
