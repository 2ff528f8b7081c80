"""A register's file imported: good rows are stored, bad ones handed back."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Protocol

from service.domain.errors import InvalidError
from service.domain.lawbook.law import Law
from service.domain.permits.filing import Filing, FilingState
from service.domain.permits.permit import NO_EXPIRY, Permit
from service.domain.permits.row_permit import SKIP, Withdrawal
from service.domain.rejected_rows.suspicions import Suspicions
from service.flow.permits.import_run import ImportDeps, ImportRun
from service.flow.permits.look_at_permits import PermitLook
from service.flow.permits.register import CHUNK, RegisterDeps, RegisterSource, register
from service.flow.permits.renewals.file import file_renewals
from service.flow.permits.snapshot.absent import ABSENT_OUTCOME
from service.flow.permits.snapshot.present import PresentPermits

REJECTED = "rejected"
"""Outcome of a row that is not stored."""

_REPEATED: Final = "repeated"
_SKIPPED: Final = "skipped"
_CHANGES: Final = ("registered", "changed", ABSENT_OUTCOME, *FilingState)

_MOST_TYPES: Final = 100
"""Unknown permit types counted: a file with more has something else in the column."""

_STORED: Final = frozenset({"registered", "changed", "unchanged"})


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file's rows.

    `outcomes` counts rows: "registered", "changed", "unchanged", "rejected",
    "repeated" where an earlier row says the same, "skipped" where the mapping says so,
    and "inactive" or "expired" for permits that are not stored because nothing would be
    sent for them. Permits without an expiry date are counted apart, as "registered (no
    expiry)", and not in `phones`, which counts the other stored permits that are
    active: TAKES_TEXTS, or why none of their phones does. `decisions` counts the rows
    that the mapping rejects, skips or withdraws by (what, word), `unknown_types` those
    whose permit type is that of no rule, by its name. `suspicions` are about the stored
    permits that are active.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    phones: Counter[str] = field(default_factory=Counter)
    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_types: Counter[str] = field(default_factory=Counter)
    suspicions: Suspicions = field(default_factory=Suspicions)

    @property
    def has_many_rejected(self) -> bool:
        """Whether more than a tenth of the rows was rejected."""
        rows = self.outcomes.total() - self.outcomes[ABSENT_OUTCOME]
        return self.outcomes[REJECTED] * 10 > rows

    @property
    def has_changes(self) -> bool:
        """Whether any permit is not as it was before."""
        return any(what.startswith(_CHANGES) for what in self.outcomes)


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


class RejectReport(Protocol):
    """Takes the rows that are not stored."""

    def add(self, line: int, cells: Sequence[str], error: InvalidError) -> None:
        """Take one row with all its mistakes."""


async def import_register(
    rows: Iterable[RegisterRow],
    source: RegisterSource,
    deps: ImportDeps,
    rejects: RejectReport,
    result: ImportResult,
    *,
    run: ImportRun | None,
    present: PresentPermits | None = None,
) -> int:
    """Register the rows of a file chunk by chunk; without a `run`, only rehearse it.

    `present` notes what the rows name. Returns how many reminders rehearsed rows would
    cause within `CAUSED_WITHIN`.

    Rows that a resumed `run` has committed are not stored again: rehearsed, they give
    their rejects and mistakes, and their record has their counts. `result` is complete
    at the end; after an error it says what was done before.
    """
    source_rows, position = iter(rows), 0
    rehearsal = replace(deps.registration, store=(store := deps.new_rehearsal()))
    if run is not None:
        result.outcomes.update(run.record.counts)
    while True:
        left = run.committed - position if run else 0
        chunk = list(islice(source_rows, min(CHUNK, left) if left > 0 else CHUNK))
        if not chunk:
            return store.reminders
        position += len(chunk)
        if run is None or left > 0:
            pairs = await _take(chunk, source, rehearsal)
        else:
            pairs = await _take(chunk, source, deps.registration, run, result.outcomes)
            run.committed = position
        law = await deps.registration.law_store.current_law()
        if left <= 0:
            result.outcomes.update(_labels(pairs))
        if present:
            _note_present(pairs, present, law)
        look = PermitLook(law, deps.registration, result.phones, result.suspicions)
        _report(pairs, look, rejects, result)


async def _take(
    chunk: Sequence[RegisterRow],
    source: RegisterSource,
    deps: RegisterDeps,
    run: ImportRun | None = None,
    counted: Counter[str] | None = None,
) -> list[tuple[RegisterRow, str | InvalidError]]:
    """Store a chunk, and note in its transaction what all rows came to so far."""

    def count_all(done: Sequence[str | InvalidError]) -> Counter[str]:
        return Counter(counted) + Counter(_labels(_pair_outcomes(chunk, done)))

    note = run.note(len(chunk), count_all) if run else None
    if filings := [row.filing for row in chunk if row.filing]:  # then no permits
        done = await file_renewals(
            *(filings, source.name, deps.store.filings),
            law=await deps.law_store.current_law(),
            vault=deps.vault,
            now=deps.clock.now(),
            note=note,
        )
    else:
        done = await register(
            [row.permit for row in chunk if row.permit is not None],
            *(source, deps),
            skip_idle=True,
            note=note,
            withdrawals=[row.withdraws for row in chunk if row.withdraws is not None],
        )
    return [*_pair_outcomes(chunk, done)]


def _labels(
    pairs: Iterable[tuple[RegisterRow, str | InvalidError]],
) -> Iterator[str]:
    """What each row counts as."""
    for row, outcome in pairs:
        has_none = row.permit and row.permit.expires_on is None and outcome in _STORED
        if isinstance(outcome, InvalidError):
            yield REJECTED
        else:
            yield f"{outcome} ({NO_EXPIRY})" if has_none else outcome


def _report(
    pairs: Iterable[tuple[RegisterRow, str | InvalidError]],
    look: PermitLook,
    rejects: RejectReport,
    result: ImportResult,
) -> None:
    """Write back what is rejected, and count all but the outcomes."""
    for row, outcome in pairs:
        if row.decision:
            result.decisions[row.decision] += 1
        if isinstance(outcome, InvalidError):
            rejects.add(row.line, row.cells, outcome)
            _count_unknown_types(outcome, result.unknown_types)
        elif row.permit and row.permit.expires_on and outcome in _STORED:
            look.at(row.line, row.permit)


def _note_present(
    pairs: Iterable[tuple[RegisterRow, str | InvalidError]],
    present: PresentPermits,
    law: Law,
) -> None:
    for row, outcome in pairs:
        if outcome != _REPEATED:
            present.add(row, outcome, law)


def _pair_outcomes(
    chunk: Sequence[RegisterRow], done: Sequence[str | InvalidError]
) -> Iterator[tuple[RegisterRow, str | InvalidError]]:
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


def _without_permit(row: RegisterRow) -> str:
    return _SKIPPED if row.decision and row.decision[0] == SKIP else _REPEATED


def _count_unknown_types(error: InvalidError, types: Counter[str]) -> None:
    for mistake in error.mistakes:
        is_new = mistake.found not in types
        if mistake.field == "rule" and not (is_new and len(types) == _MOST_TYPES):
            types[mistake.found] += 1
