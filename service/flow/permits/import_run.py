"""An import under way: begun or resumed, noted chunk by chunk, ended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from service.domain.errors import ConflictError
from service.flow.monotonic import monotonic_now
from service.flow.permits.import_record import (
    ChunkNote,
    ImportFile,
    ImportRecord,
    ImportState,
    ImportStore,
    Outcomes,
    RefusedRows,
)
from service.flow.permits.register import RegisterDeps, RegisterStore
from service.flow.permits.snapshot.absent import SnapshotStore

CAUSED_WITHIN: Final = timedelta(days=7)
"""How far ahead a rehearsal looks for reminders."""


class RehearsalStore(RegisterStore, Protocol):
    """Tells what would become of permits, and stores nothing.

    A chunk is judged by what is stored, not by the chunks before it.
    """

    @property
    def reminders(self) -> int:
        """How many reminders the rows so far would cause within `CAUSED_WITHIN`."""


@dataclass(frozen=True, slots=True)
class ImportDeps:
    """The ports of an import; each one has a rehearsal of its own."""

    registration: RegisterDeps
    new_rehearsal: Callable[[], RehearsalStore]
    store: ImportStore
    snapshot_store: SnapshotStore


class ImportRun:
    """An import under way; `committed` rows have their outcome stored already."""

    def __init__(self, record: ImportRecord, deps: ImportDeps) -> None:
        self.record = record
        self.committed = record.committed
        self._deps = deps
        self._started = monotonic_now()

    def restart_clock(self) -> None:
        """Count its time from now: it has waited for others."""
        self._started = monotonic_now()

    def note(
        self,
        rows: int,
        counts: Callable[[Outcomes], Mapping[str, int]],
        refused: Callable[[Outcomes], RefusedRows],
    ) -> ChunkNote:
        """The note of a chunk with so many rows, to be stored with it."""
        return ChunkNote(
            import_id=self.record.id,
            committed_before=self.committed,
            committed=self.committed + rows,
            seconds=self.record.seconds + monotonic_now() - self._started,
            counts=counts,
            refused=refused,
        )

    async def end(
        self,
        state: ImportState,
        counts: Mapping[str, int],
        unknown_types: Mapping[str, int],
        report: Sequence[str] | None = None,
    ) -> None:
        """Store how the import ended, and the rows of permit types without a rule."""
        now, store = self._deps.registration.clock.now(), self._deps.store
        await store.end(
            *(self.record.id, state, counts, unknown_types, now), report=report
        )

    async def show_alive(self) -> None:
        """Show that the import still waits for its turn."""
        await self._deps.store.resume(self.record.id, self.record.by)


async def begin_import(
    file: ImportFile, rows: int, deps: ImportDeps, *, by: str
) -> ImportRun:
    """Begin to import a file of so many rows."""
    now = deps.registration.clock.now()
    return ImportRun(await deps.store.begin(file, rows, by, now), deps)


async def resume_import(
    file: ImportFile,
    rows: int,
    deps: ImportDeps,
    *,
    by: str,
    exported_at: datetime | None = None,
) -> ImportRun:
    """Go on with the last import of a register, which was killed or stopped.

    Its file was exported when it said at first, unless `exported_at` says otherwise.

    Raises `ConflictError` unless it was of the same file, read by the same mapping, and
    is not done: another one would not be what an undisturbed import is.
    """
    last = await deps.store.last(file.register, is_filed=file.is_filed)
    if last is None:
        raise _nothing_to_resume(f"nothing was imported into {file.register} yet")
    if last.file.key != file.key or last.rows != rows:
        raise _nothing_to_resume(
            f"the last import into {file.register} was of another {last.file.name}, or "
            "with another mapping or mode"
        )
    if last.state is ImportState.DONE:
        raise _nothing_to_resume(f"the import of {last.file.name} is complete")
    record = await deps.store.resume(last.id, by, exported_at=exported_at)
    return ImportRun(record, deps)


async def resume_or_begin_import(
    file: ImportFile, rows: int, deps: ImportDeps, *, by: str
) -> ImportRun:
    """Go on with the last import of a register if that is possible, or begin anew.

    Of the same file, another release may read another number of rows.
    """
    try:
        return await resume_import(file, rows, deps, by=by)
    except ConflictError:
        return await begin_import(file, rows, deps, by=by)


async def rows_of_last_load(file: ImportFile, store: ImportStore) -> int | None:
    """How many rows such a file of the register had last; None if there was none.

    Rejected rows are no load of a register, nor is what has changed in a view.
    """
    last = await store.last(
        file.register, ImportState.DONE, is_filed=file.is_filed, is_whole=True
    )
    return last.rows if last else None


def _nothing_to_resume(why: str) -> ConflictError:
    return ConflictError(f"{why}; import without --resume")
