"""Import of a register's permits from a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import FILE
from service.cli.output.import_report import Loaded, list_counts, print_import
from service.cli.permits.load_register import Loading, load_file, open_loading
from service.cli.permits.suggest import print_suggestion
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import StorageError
from service.flow.permits.import_register import REJECTED, ImportResult

UNCONFIRMED: Final = 1
"""The exit code where a person must confirm that permits are withdrawn."""

MUCH_REJECTED: Final = 3
"""The exit code where more than a tenth of a file's rows was rejected.

With --strict, where any was.
"""


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
    result, is_trial = ImportResult(), dry_run or strict
    try:
        if strict and await _has_rejected(loading):
            click.echo("nothing is stored, because of --strict")
            return MUCH_REJECTED
        is_trial = dry_run
        loaded = await load_file(loading, result, announce=not strict)
    except (StoppedError, StorageError) as error:
        _print_interruption(file, result.outcomes, is_trial=is_trial)
        if isinstance(error, StorageError):
            raise
        return stop.exit_code
    print_import(result, loaded, loading.rejects)
    if strict and result.outcomes[REJECTED]:
        click.echo("the other rows are stored despite --strict: its trial missed this")
        return MUCH_REJECTED
    return _exit_code(result, loaded)


def _refuse_together(
    one: str, is_given: object, other: str, is_other_given: object
) -> None:
    if is_given and is_other_given:
        raise click.UsageError(f"give {one} or {other}")


async def _has_rejected(loading: Loading) -> bool:
    """Rehearse it, and print what it would come to if a row would be rejected."""
    result = ImportResult()
    rehearsal = replace(loading, resume=False, dry_run=True)
    loaded = await load_file(rehearsal, result)
    if not result.outcomes[REJECTED]:
        return False
    print_import(result, replace(loaded, remarks=()), loading.rejects)
    return True


def _exit_code(result: ImportResult, loaded: Loaded) -> int:
    if not loaded.is_confirmed:
        return UNCONFIRMED
    return MUCH_REJECTED if result.has_many_rejected else 0


def _print_interruption(
    file: Path, outcomes: Mapping[str, int], *, is_trial: bool
) -> None:
    resume = f"import {file.name} again with --resume"
    done = f"{list_counts(outcomes) or 'nothing is in'}; {resume}"
    click.echo(f"interrupted: {'nothing is stored' if is_trial else done}", err=True)
