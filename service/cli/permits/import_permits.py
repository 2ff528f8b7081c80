"""Import of a register's permits from a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from service.adapters.registers.import_file import describe_file
from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import FILE
from service.cli.output.import_report import list_counts, print_import
from service.cli.permits.load_register import Loading, load_file
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.cli.permits.suggest import print_suggestion
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import StorageError
from service.flow.permits.import_record import ImportMode
from service.flow.permits.import_register import REJECTED, ImportResult
from service.flow.permits.register import RegisterSource

MUCH_REJECTED: Final = 3
"""The exit code where more than a tenth of a file's rows was rejected."""


@click.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--mapping",
    "mapping_file",
    type=FILE,
    help="How the columns of this register become permit fields.",
)
@click.option(
    "--suggest", is_flag=True, help="Print a mapping for FILE; import nothing."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; store nothing.")
@click.option(
    "--resume", is_flag=True, help="Go on with an import of FILE that was interrupted."
)
@click.option(
    "--strict", is_flag=True, help="Store nothing if a single row is rejected."
)
@stoppable
@with_installation
async def import_(
    installation: Installation,
    stop: StopRequest,
    file: Path,
    mapping_file: Path | None,
    *,
    suggest: bool,
    dry_run: bool,
    resume: bool,
    strict: bool,
) -> int:
    """Load the permits of FILE: CSV, XLSX, XLS, ODS or NDJSON.

    Rejected rows are written to FILE.rejects.xlsx and FILE.rejects.csv, each with its
    reason. Interrupted, it says what is in; then import FILE again with --resume.
    """
    if suggest and mapping_file:
        raise click.UsageError("give --suggest or --mapping")
    if dry_run and resume:
        raise click.UsageError("give --dry-run or --resume")
    law = await installation.law_store.current_law()
    if suggest:
        return print_suggestion(file, law)
    default = find_default_office(law, installation.settings.authority)
    mapping = open_mapping(mapping_file, law, default)
    source = RegisterSource(file.name)
    if mapping.source:
        source = RegisterSource(
            mapping.source, mapping.max_age_days, lookup=mapping.lookup
        )
    loading = Loading(
        path=file,
        mapping=mapping,
        default_authority=default,
        codes={"rule": [*law.rules], "authority": [*law.authorities]},
        file=describe_file(
            file,
            source.name,
            ImportMode.UPSERT,
            mapping=mapping_file,
            default_authority=default,
        ),
        source=source,
        deps=installation.import_deps,
        check=stop.refuse,
        resume=resume,
        dry_run=dry_run,
    )
    result = ImportResult()
    try:
        if strict and await _has_rejected(loading):
            click.echo("nothing is stored, because of --strict")
            return MUCH_REJECTED
        loaded = await load_file(loading, result, announce=not strict)
    except StoppedError:
        _print_interruption(file, result.outcomes)
        return stop.exit_code
    except StorageError:
        _print_interruption(file, result.outcomes)
        raise
    print_import(result, loaded, loading.rejects)
    return MUCH_REJECTED if result.has_many_rejected else 0


async def _has_rejected(loading: Loading) -> bool:
    """Rehearse it, and print what it would come to if a row would be rejected."""
    result = ImportResult()
    rehearsal = replace(loading, resume=False, dry_run=True)
    loaded = await load_file(rehearsal, result)
    if not result.outcomes[REJECTED]:
        return False
    print_import(result, replace(loaded, remark=None), loading.rejects)
    return True


def _print_interruption(file: Path, outcomes: Mapping[str, int]) -> None:
    click.echo(
        f"interrupted: {list_counts(outcomes) or 'nothing is in'}; import {file.name} "
        "again with --resume",
        err=True,
    )
