"""A file loaded into a register, and what is recorded of it."""

from contextlib import closing
from dataclasses import replace

import click

from service.adapters.registers.register_file import RegisterFile
from service.adapters.registers.reject_report import open_reject_report
from service.cli.installation import whoami
from service.cli.output.import_report import Loaded, full_report
from service.cli.output.progress import show_progress, show_reading
from service.cli.permits.loading import Loading
from service.cli.stop_signal import StoppedError
from service.flow.permits.import_record import (
    ImportFile,
    ImportRecord,
    ImportState,
)
from service.flow.permits.import_register import (
    ImportResult,
    RejectReport,
    import_register,
)
from service.flow.permits.import_run import (
    CAUSED_WITHIN,
    ImportRun,
    rows_of_last_load,
)


async def load_file(
    loading: Loading,
    result: ImportResult,
    register: RegisterFile | None = None,
    *,
    announce: bool = True,
) -> Loaded:
    """Read a file, announce how, and store its rows; a dry run stores nothing.

    It is read already if the `register` is given. Raises `InvalidError` if the file is
    wrong as a whole, and `ConflictError` where there is nothing to resume.
    """
    if register is None:
        with show_reading(loading.check) as check:
            register = replace(loading, check=check).read()
    with closing(register):
        loading = loading.after(register)
        with open_reject_report(
            loading.rejects, register, loading.mapping, loading.codes
        ) as rejects:
            if announce:
                click.echo(f"read as {loading.form or register.form}")
            if not (register.is_rejects or loading.file.is_part):
                store = loading.deps.store
                before = await rows_of_last_load(loading.file, store)
                result.suspicions.rows_before = before
            if loading.dry_run:
                run, state = loading.run, ImportState.DONE
                remarks = await _rehearse_rows(register, loading, rejects, result)
            else:
                run, state, remarks = await _store_rows(
                    register, loading, rejects, result
                )
        loaded = Loaded(
            *(
                loading.form or str(register.form),
                register.count,
                rejects.reasons.groups(),
                remarks,
            ),
            is_confirmed=state is ImportState.DONE,
        )
        # Only once the rejected rows are written: what is done cannot be resumed.
        if run:
            report = full_report(result, loaded)
            await run.end(state, result.outcomes, result.unknown_types, report)
    return loaded


async def _rehearse_rows(
    register: RegisterFile,
    loading: Loading,
    rejects: RejectReport,
    result: ImportResult,
) -> list[str]:
    """Say what storing the rows would come to."""
    snapshot = loading.open_snapshot()
    present = snapshot.present if snapshot else None
    with show_progress(register, register.count) as rows:
        caused = await import_register(
            *(rows, loading.source, loading.deps, rejects, result),
            run=None,
            present=present,
        )
    rehearsed = (
        f"dry run, nothing is stored: within {CAUSED_WITHIN.days} days it would "
        f"cause {caused} reminders"
    )
    exported_at = loading.file.exported_at
    remarks = await snapshot.rehearse(exported_at) if snapshot else []
    return [rehearsed, *remarks]


async def _store_rows(
    register: RegisterFile,
    loading: Loading,
    rejects: RejectReport,
    result: ImportResult,
) -> tuple[ImportRun, ImportState, list[str]]:
    """Store the rows, and give how the import will have ended."""
    deps, source = loading.deps, loading.source
    snapshot = loading.open_snapshot()
    present = snapshot.present if snapshot else None
    before = await deps.store.last(
        source.name, ImportState.DONE, is_filed=loading.file.is_filed
    )
    run = loading.run or await loading.start(
        loading.file, register.count, deps, by=whoami()
    )
    try:
        with show_progress(register, register.count) as rows:
            await import_register(
                rows, source, deps, rejects, result, run=run, present=present
            )
        remark, state = None, ImportState.DONE
        if snapshot:
            remark, state = await snapshot.finish(run.record, result.outcomes)
    except StoppedError:
        await run.end(ImportState.STOPPED, result.outcomes, result.unknown_types)
        raise
    remarks = [remark] if remark else _say_same(before, loading.file, result)
    return run, state, remarks


def _say_same(
    before: ImportRecord | None, file: ImportFile, result: ImportResult
) -> list[str]:
    """Say that the same file was imported before and changed nothing now."""
    if before is None or before.file.key != file.key or result.has_changes:
        return []
    instant = f"{before.started_at:%Y-%m-%d %H:%M} UTC"
    return [f"nothing changed: {file.name} was imported before, at {instant}"]
