"""What became of each row of a register's file."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from service.domain.errors import InvalidError
from service.domain.permits.filing import Filing
from service.domain.permits.permit import NO_EXPIRY, Permit
from service.domain.permits.row_permit import SKIP, Withdrawal
from service.flow.permits.import_record import RefusedRows

REJECTED = "rejected"
"""Outcome of a row that is not stored."""

REPEATED: Final = "repeated"
_SKIPPED: Final = "skipped"
_UNCHANGED: Final = "unchanged"
STORED: Final = frozenset({"registered", "changed", _UNCHANGED})


class RegisterRow(Protocol):
    """A row of a file: either a permit, or an error that lists all its mistakes."""

    @property
    def line(self) -> int:
        """The number of its line in the file."""

    @property
    def cells(self) -> Sequence[str]:
        """Its cells as they stand in the file."""

    @property
    def permit(self) -> Permit | None:
        """The permit; None if the row has a mistake, repeats another or is skipped."""

    @property
    def withdraws(self) -> Withdrawal | None:
        """The permit that it withdraws, where it says no more of it."""

    @property
    def filing(self) -> Filing | None:
        """The filed renewal, where the file lists such."""

    @property
    def error(self) -> InvalidError | None:
        """The mistakes; None if the row has none."""

    @property
    def number(self) -> str | None:
        """The number of a permit that it does not state; empty where it is of none."""

    @property
    def decision(self) -> tuple[str, str] | None:
        """What a word of its mapping decided about it, and that word."""


RowOutcome = tuple[RegisterRow, str | InvalidError]
"""A row, and what became of it."""


def pair_outcomes(
    chunk: Sequence[RegisterRow], done: Sequence[str | InvalidError]
) -> Iterator[RowOutcome]:
    """Give each row its outcome: those of permits come first, then withdrawals'."""
    count = sum(bool(row.permit or row.filing) for row in chunk)
    others, withdrawals = iter(done[:count]), iter(done[count:])
    for row in chunk:
        if row.permit or row.filing:
            yield row, next(others)
        elif row.withdraws:
            yield row, next(withdrawals)
        else:
            yield row, row.error or _without_permit(row)


def label_rows(pairs: Iterable[RowOutcome]) -> Iterator[str]:
    """What each row counts as."""
    for row, outcome in pairs:
        has_none = row.permit and row.permit.expires_on is None and outcome in STORED
        if isinstance(outcome, InvalidError):
            yield REJECTED
        else:
            yield f"{outcome} ({NO_EXPIRY})" if has_none else outcome


def find_refused(
    chunk: Sequence[RegisterRow], done: Sequence[str | InvalidError], start: int
) -> RefusedRows:
    """The rows that were read and not stored, of a chunk that starts at a position."""
    return {
        at: outcome
        for at, (row, outcome) in enumerate(pair_outcomes(chunk, done), start)
        if isinstance(outcome, InvalidError) and row.error is None
    }


def as_committed(
    pairs: Iterable[RowOutcome], start: int, refused: RefusedRows
) -> Iterator[RowOutcome]:
    """What became of rows when they were committed: others may have changed since.

    If none was refused, they are believed: an earlier release stored no refusals.
    """
    for at, (row, outcome) in enumerate(pairs, start):
        is_new = isinstance(outcome, InvalidError) and row.error is None
        yield row, refused.get(at, _UNCHANGED if is_new and refused else outcome)


def _without_permit(row: RegisterRow) -> str:
    return _SKIPPED if row.decision and row.decision[0] == SKIP else REPEATED
