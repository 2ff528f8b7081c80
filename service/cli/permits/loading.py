"""A file to be loaded into a register, and how."""

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self

import click

from service.adapters.registers.import_file import describe_file
from service.adapters.registers.mapping import RegisterMapping
from service.adapters.registers.register_file import RegisterFile, read_register
from service.adapters.tables.table import refuse_file
from service.app import Installation
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.domain.permits.snapshot_scope import SnapshotScope
from service.flow.permits.import_record import ImportFile, ImportMode
from service.flow.permits.import_run import ImportDeps, ImportRun, begin_import
from service.flow.permits.register import RegisterSource
from service.flow.permits.snapshot.full_export import Snapshot
from service.flow.permits.snapshot.present import PresentPermits
from service.formats.registers.mapping_parts import LONGEST_SOURCE


class StartImport(Protocol):
    """Begins the import of a file of so many rows, or resumes an earlier one."""

    async def __call__(
        self, file: ImportFile, rows: int, deps: ImportDeps, *, by: str
    ) -> ImportRun:
        """Start it; raises `ConflictError` where it cannot be resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """A file that is loaded into a register, or only rehearsed.

    `codes` are the installed ones, by field; `check` may raise to stop it. `rejects` is
    the CSV file for the rejected rows. With a `scope`, it is a full export;
    `withdraw_up_to` is that of `Snapshot`. `start` begins its import or resumes it;
    `run` is that import, if it is begun already.
    `form` is what is announced, unless how the file was read.
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
    start: StartImport = begin_import
    dry_run: bool = False
    scope: SnapshotScope | None = None
    withdraw_up_to: int | None = None
    run: ImportRun | None = None
    form: str | None = None

    def read(self) -> RegisterFile:
        """Read the file to its end; raises `InvalidError` if it is wrong as a whole."""
        return read_register(
            self.path,
            self.mapping,
            default_authority=self.default_authority,
            check=self.check,
        )

    def after(self, register: RegisterFile) -> Self:
        """The same, now that its file is read: rejected rows are no load of it.

        Raises `InvalidError` if they are to be a full export.
        """
        if not register.is_rejects:
            return self
        if self.scope:
            why = "the whole register; import rejected rows without --snapshot"
            raise refuse_file(self.path.name, "rejected rows", why)
        return replace(
            self,
            source=replace(self.source, is_load=False),
            file=replace(self.file, is_rejects=True),
        )

    def open_snapshot(self) -> Snapshot | None:
        """The snapshot of a full export, not read yet; None for any other file."""
        if self.scope is None:
            return None
        return Snapshot(
            present=PresentPermits(self.deps.registration.vault),
            register=self.source.name,
            scope=self.scope,
            withdraw_up_to=self.withdraw_up_to,
            ask=_ask,
            store=self.deps.store,
            snapshot_store=self.deps.snapshot_store,
            clock=self.deps.registration.clock,
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
        mapping.source or path.name[:LONGEST_SOURCE],
        mapping.max_age_days,
        lookup=mapping.lookup,
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


def _ask(question: str) -> bool:
    return sys.stdin.isatty() and click.confirm(question, err=True)
