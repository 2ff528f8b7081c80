"""A file loaded into a register, and what is recorded of it."""

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import click

from service.adapters.registers.import_file import describe_file
from service.adapters.registers.mapping import RegisterMapping
from service.adapters.registers.register_file import RegisterFile, read_register
from service.adapters.registers.reject_report import open_reject_report
from service.adapters.tables.table import refuse_file
from service.app import Installation
from service.cli.installation import whoami
from service.cli.output.import_report import Loaded
from service.cli.output.progress import show_progress
from service.cli.permits.load_snapshot import Snapshot
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.cli.stop_signal import StoppedError
from service.domain.permits.snapshot_scope import SnapshotScope
from service.flow.permits.import_record import (
    ImportFile,
    ImportMode,
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
    ImportDeps,
    ImportRun,
    begin_import,
    resume_import,
    rows_of_last_load,
)
from service.flow.permits.register import RegisterSource
from service.flow.permits.snapshot.present import PresentPermits


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """A file that is loaded into a register: anew, resumed, or only rehearsed.

    `codes` are the installed ones, by field; `check` may raise to stop it. `rejects` is
    the CSV file for the rejected rows. With a `scope`, it is a full export;
    `withdraw_up_to` is that of `Snapshot`. `form` is what is announced, unless how the
    file was read. With `is_part`, its rows are some of those that were loaded before.
    """

    path: Path
    rejects: Path
    mapping: RegisterMapping
    default_authority: str | None
    codes: Mapping[str, Collection[str]]
    file: ImportFile
    source: RegisterSource
    deps: ImportDeps
    check: Callable[[], None]
    resume: bool = False
    dry_run: bool = False
    scope: SnapshotScope | None = None
    withdraw_up_to: int | None = None
    form: str | None = None
    is_part: bool = False

    def open_snapshot(self) -> Snapshot | None:
        """The snapshot of a full export, not read yet; None for any other file."""
        if self.scope is None:
            return None
        return Snapshot(
            present=PresentPermits(self.deps.registration.vault),
            register=self.source.name,
            scope=self.scope,
            withdraw_up_to=self.withdraw_up_to,
            deps=self.deps,
        )


async def open_loading(
    installation: Installation,
    path: Path,
    mapping_file: Path | None,
    check: Callable[[], None],
    *,
    is_snapshot: bool = False,
) -> Loading:
    """A file to be loaded anew, as its mapping says, or a snapshot as that declares.

    Raises `InvalidError` for a wrong mapping, `UnknownError` for one that names what is
    not installed, and `UsageError` for a snapshot that it does not declare.
    """
    law = await installation.law_store.current_law()
    default = find_default_office(law, installation.settings.authority)
    mapping = open_mapping(mapping_file, law, default)
    if is_snapshot and mapping.snapshot is None:
        raise click.UsageError("--snapshot needs a mapping with a table [snapshot]")
    source = RegisterSource(
        mapping.source or path.name, mapping.max_age_days, lookup=mapping.lookup
    )
    mode = ImportMode.SNAPSHOT if is_snapshot else ImportMode.UPSERT
    if mapping.lists:
        mode = ImportMode.FILED
    return Loading(
        path=path,
        rejects=path.with_name(f"{path.name}.rejects.csv"),
        mapping=mapping,
        default_authority=default,
        codes={"rule": [*law.rules], "authority": [*law.authorities]},
        file=describe_file(
            path,
            source.name,
            mode,
            mapping=mapping_file,
            default_authority=default,
        ),
        source=source,
        deps=installation.import_deps,
        check=check,
        scope=mapping.snapshot if is_snapshot else None,
    )


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
    with closing(register):
        with open_reject_report(
            loading.rejects, register, loading.mapping, loading.codes
        ) as rejects:
            if announce:
                click.echo(f"read as {loading.form or register.form}")
            if register.is_rejects:
                if loading.scope:
                    why = "the whole register; import rejected rows without --snapshot"
                    raise refuse_file(loading.path.name, "rejected rows", why)
                source = replace(loading.source, is_load=False)
                loading = replace(loading, source=source)
            elif not loading.is_part:
                store = loading.deps.store
                before = await rows_of_last_load(loading.file, store)
                result.suspicions.rows_before = before
            if loading.dry_run:
                run, state = None, ImportState.DONE
                remarks = await _rehearse_rows(register, loading, rejects, result)
            else:
                run, state, remarks = await _store_rows(
                    register, loading, rejects, result
                )
        # Only once the rejected rows are written: what is done cannot be resumed.
        if run:
            await run.end(state, result.outcomes, result.unknown_types)
    is_confirmed = state is ImportState.DONE
    reasons = rejects.reasons.groups()
    return Loaded(register.count, reasons, remarks, is_confirmed=is_confirmed)


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
    start = resume_import if loading.resume else begin_import
    run = await start(loading.file, register.count, deps, by=whoami())
    try:
        with show_progress(register, register.count) as rows:
            await import_register(
                rows, source, deps, rejects, result, run=run, present=present
            )
        remark, state = None, ImportState.DONE
        if snapshot:
            remark, state = await snapshot.finish(run, result)
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
