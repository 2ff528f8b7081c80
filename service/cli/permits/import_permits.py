"""Import of a register's permits from a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import FILE
from service.cli.output.import_report import list_counts
from service.cli.permits.load_register import open_loading
from service.cli.permits.run_import import run_import
from service.cli.permits.suggest import print_suggestion
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import StorageError
from service.flow.permits.import_register import ImportResult


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
    "--strict", is_flag=True, help="Store nothing if a trial rejects a single row."
)
@click.option(
    "--snapshot",
    is_flag=True,
    help="FILE names all permits of [snapshot] in the mapping: withdraw others.",
)
@click.option(
    "--withdraw-up-to",
    type=click.IntRange(min=0),
    help="With --snapshot: confirm that so many permits may be withdrawn.",
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
    snapshot: bool,
    withdraw_up_to: int | None,
) -> int:
    """Load the permits of FILE: CSV, XLSX, XLS, ODS or NDJSON.

    Rejected rows are written to FILE.rejects.xlsx and FILE.rejects.csv, each with its
    reason. Interrupted, it says what is in; then import FILE again with --resume.
    """
    _refuse_together("--suggest", suggest, "--mapping", mapping_file)
    _refuse_together("--dry-run", dry_run, "--resume", resume)
    if withdraw_up_to is not None and not snapshot:
        raise click.UsageError("--withdraw-up-to belongs to --snapshot")
    if suggest:
        return print_suggestion(file, await installation.law_store.current_law())
    loading = replace(
        await open_loading(
            installation, file, mapping_file, stop.refuse, is_snapshot=snapshot
        ),
        resume=resume,
        dry_run=dry_run,
        withdraw_up_to=withdraw_up_to,
    )
    result = ImportResult()
    try:
        return await run_import(loading, result, strict=strict)
    except (StoppedError, StorageError) as error:
        is_trial = dry_run or (strict and not result.outcomes)
        _print_interruption(file, result.outcomes, is_trial=is_trial)
        if isinstance(error, StorageError):
            raise
        return stop.exit_code


def _refuse_together(
    one: str, is_given: object, other: str, is_other_given: object
) -> None:
    if is_given and is_other_given:
        raise click.UsageError(f"give {one} or {other}")


def _print_interruption(
    file: Path, outcomes: Mapping[str, int], *, is_trial: bool
) -> None:
    resume = f"import {file.name} again with --resume"
    done = f"{list_counts(outcomes) or 'nothing is in'}; {resume}"
    click.echo(f"interrupted: {'nothing is stored' if is_trial else done}", err=True)
