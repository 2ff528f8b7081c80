"""The rows of a register loaded, and what is recorded of it."""

from dataclasses import dataclass

from service.adapters.registers.register_file import RegisterFile
from service.cli.installation import whoami
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
)
from service.flow.permits.register import RegisterSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """A file that is loaded into a register: anew, resumed, or only rehearsed."""

    file: ImportFile
    source: RegisterSource
    deps: ImportDeps
    resume: bool
    dry_run: bool


async def load_register(
    register: RegisterFile,
    loading: Loading,
    rejects: RejectReport,
    result: ImportResult,
) -> str | None:
    """Store the rows of a register, and how the import ended; a dry run stores nothing.

    Returns what else there is to say of it. Raises `ConflictError` where there is
    nothing to resume.
    """
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
