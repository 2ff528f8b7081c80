"""A file loaded into a register, and what is recorded of it."""

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from service.adapters.registers.mapping import RegisterMapping
from service.adapters.registers.register_file import RegisterFile, read_register
from service.adapters.registers.reject_report import open_reject_report
from service.cli.installation import whoami
from service.cli.output.import_report import Loaded
from service.cli.stop_signal import StoppedError
from service.flow.permits.import_record import ImportFile, ImportState
from service.flow.permits.import_register import (
    ImportResult,
    RejectReport,
    import_register,
)
from service.flow.permits.import_run import (
    CAUSED_WITHIN,
    ImportDeps,
    begin_import,
    resume_import,
    rows_of_last_load,
)
from service.flow.permits.register import RegisterSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """A file that is loaded into a register: anew, resumed, or only rehearsed.

    `codes` are the installed ones, by field; `check` may raise to stop it.
    """

    path: Path
    mapping: RegisterMapping
    default_authority: str | None
    codes: Mapping[str, Collection[str]]
    file: ImportFile
    source: RegisterSource
    deps: ImportDeps
    check: Callable[[], None]
    resume: bool
    dry_run: bool

    @property
    def rejects(self) -> Path:
        """The CSV file of the rejected rows."""
        return self.path.with_name(f"{self.path.name}.rejects.csv")


async def load_file(
    loading: Loading, result: ImportResult, *, announce: bool = True
) -> Loaded:
    """Read a file, announce how, and store its rows; a dry run stores nothing.

    Raises `InvalidError` if the file is wrong as a whole, and `ConflictError` where
    there is nothing to resume.
    """
    register = read_register(
        loading.path,
        loading.mapping,
        default_authority=loading.default_authority,
        check=loading.check,
    )
    with (
        closing(register),
        open_reject_report(
            loading.rejects, register, loading.mapping, loading.codes
        ) as rejects,
    ):
        if announce:
            click.echo(f"read as {register.form}")
        if not register.is_rejects:
            before = await rows_of_last_load(loading.source.name, loading.deps.store)
            result.suspicions.rows_before = before
        remark = await _load_rows(register, loading, rejects, result)
        return Loaded(register.count, rejects.reasons.groups(), remark)


async def _load_rows(
    register: RegisterFile,
    loading: Loading,
    rejects: RejectReport,
    result: ImportResult,
) -> str | None:
    """Store the rows and how the import ended; return what else there is to say."""
    deps, source = loading.deps, loading.source
    if loading.dry_run:
        caused = await import_register(
            register, source, deps, rejects, result, run=None
        )
        return (
            f"dry run, nothing is stored: within {CAUSED_WITHIN.days} days it would "
            f"cause {caused} reminders"
        )
    before = await deps.store.last(source.name, ImportState.DONE)
    start = resume_import if loading.resume else begin_import
    run = await start(loading.file, register.count, deps, by=whoami())
    try:
        await import_register(register, source, deps, rejects, result, run=run)
    except StoppedError:
        await run.end(ImportState.STOPPED, result.outcomes, result.unknown_types)
        raise
    await run.end(ImportState.DONE, result.outcomes, result.unknown_types)
    is_same = before is not None and before.file.key == loading.file.key
    if before is None or not is_same or result.has_changes:
        return None
    return (
        f"nothing changed: {loading.file.name} is the file that was imported before, "
        f"at {before.started_at:%Y-%m-%d %H:%M} UTC"
    )
