"""A register's file imported: good rows are stored, bad ones handed back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Protocol

from service.domain.errors import InvalidError
from service.domain.lawbook.law import Law
from service.domain.permits.filing import FilingState
from service.domain.rejected_rows.suspicions import Suspicions
from service.flow.permits.import_record import RefusedRows
from service.flow.permits.import_run import ImportDeps, ImportRun
from service.flow.permits.imported_rows.outcomes import (
    REJECTED,
    REPEATED,
    STORED,
    RegisterRow,
    RowOutcome,
    as_committed,
    find_refused,
    label_rows,
    pair_outcomes,
)
from service.flow.permits.look_at_permits import PermitLook
from service.flow.permits.register import CHUNK, RegisterDeps, RegisterSource, register
from service.flow.permits.renewals.file import file_renewals
from service.flow.permits.snapshot.absent import ABSENT_OUTCOME
from service.flow.permits.snapshot.present import PresentPermits

_CHANGES: Final = ("registered", "changed", ABSENT_OUTCOME, *FilingState)

_MOST_TYPES: Final = 100
"""Unknown permit types counted: a file with more has something else in the column."""


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

    Rows that a resumed `run` has committed are not stored again: they are rehearsed,
    and their record has their counts and which of them were refused. `result` is
    complete at the end; after an error it says what was done before.
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
            if run:
                start = position - len(chunk)
                pairs = [*as_committed(pairs, start, run.record.refused)]
        else:
            pairs = await _take(chunk, source, deps.registration, run, result.outcomes)
            run.committed = position
        law = await deps.registration.law_store.current_law()
        if left <= 0:
            result.outcomes.update(label_rows(pairs))
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
) -> list[RowOutcome]:
    """Store a chunk, and note in its transaction what all rows came to so far."""

    def count_all(done: Sequence[str | InvalidError]) -> Counter[str]:
        return Counter(counted) + Counter(label_rows(pair_outcomes(chunk, done)))

    def refused(done: Sequence[str | InvalidError]) -> RefusedRows:
        return find_refused(chunk, done, run.committed if run else 0)

    note = run.note(len(chunk), count_all, refused) if run else None
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
    return [*pair_outcomes(chunk, done)]


def _report(
    pairs: Iterable[RowOutcome],
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
        elif row.permit and row.permit.expires_on and outcome in STORED:
            look.at(row.line, row.permit)


def _note_present(
    pairs: Iterable[RowOutcome],
    present: PresentPermits,
    law: Law,
) -> None:
    for row, outcome in pairs:
        if outcome != REPEATED:
            present.add(row, outcome, law)


def _count_unknown_types(error: InvalidError, types: Counter[str]) -> None:
    for mistake in error.mistakes:
        is_new = mistake.found not in types
        if mistake.field == "rule" and not (is_new and len(types) == _MOST_TYPES):
            types[mistake.found] += 1
