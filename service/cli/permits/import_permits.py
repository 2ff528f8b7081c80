"""Import of a register's permits from a file."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import click

from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import FILE
from service.cli.output.import_report import list_counts
from service.cli.permits.load_view import open_view
from service.cli.permits.loading import Loading, open_loading
from service.cli.permits.run_import import run_import
from service.cli.permits.suggest import print_suggestion
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import StorageError
from service.flow.permits.import_register import ImportResult
from service.flow.permits.import_run import begin_import, resume_import


def _require_file(
    context: click.Context, file: click.Parameter, value: Path | None
) -> Path | None:
    if value is None and not context.params["from_view"]:
        raise click.MissingParameter(ctx=context, param=file, param_hint="'FILE'")
    return value


@click.command("import")
@click.argument("file", type=FILE, required=False, callback=_require_file)
@click.option(
    "--from-view",
    is_flag=True,
    is_eager=True,
    help="Instead of FILE, read the [view] of the mapping: what has changed in it.",
)
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
    file: Path | None,
    mapping_file: Path | None,
    *,
    from_view: bool,
    suggest: bool,
    dry_run: bool,
    resume: bool,
    strict: bool,
    snapshot: bool,
    withdraw_up_to: int | None,
) -> int:
    """Load the permits of FILE (CSV, XLSX, XLS, ODS or NDJSON), or of a view.

    Rejected rows are written to FILE.rejects.xlsx and FILE.rejects.csv, each with its
    reason; those of a view beside the mapping. Interrupted, it says what is in; then
    import FILE again with --resume.
    """
    _refuse_together("--suggest", suggest, "--mapping", mapping_file)
    _refuse_together("--dry-run", dry_run, "--resume", resume)
    for other, is_given in ("FILE", file), ("--suggest", suggest), ("--resume", resume):
        _refuse_together("--from-view", from_view, other, is_given)
    if withdraw_up_to is not None and not snapshot:
        raise click.UsageError("--withdraw-up-to belongs to --snapshot")
    if suggest and file:
        return print_suggestion(file, await installation.law_store.current_law())
    source = mapping_file if from_view else file
    if source is None:
        raise click.UsageError("name a --mapping with a table [view]")
    check = stop.refuse
    if from_view:
        opened = open_view(installation, source, check, is_snapshot=snapshot)
        again = "import it again with --from-view"
    else:
        opened = _open_file(
            installation, source, mapping_file, check, is_snapshot=snapshot
        )
        again = f"import {source.name} again with --resume"
    async with AsyncExitStack() as stack:
        try:
            loading = await stack.enter_async_context(opened)
        except StoppedError:
            return stop.exit_code
        if loading is None:
            click.echo("nothing has changed in the view since it was last imported")
            return 0
        loading = replace(
            loading,
            start=resume_import if resume else begin_import,
            dry_run=dry_run,
            withdraw_up_to=withdraw_up_to,
        )
        return await _run(loading, stop, again, strict=strict)


@asynccontextmanager
async def _open_file(
    installation: Installation,
    file: Path,
    mapping_file: Path | None,
    check: Callable[[], None],
    *,
    is_snapshot: bool,
) -> AsyncIterator[Loading | None]:
    yield await open_loading(
        installation, file, mapping_file, check, is_snapshot=is_snapshot
    )


async def _run(loading: Loading, stop: StopRequest, again: str, *, strict: bool) -> int:
    """Import it; interrupted, say what is in, and how to go on."""
    result = ImportResult()
    try:
        return await run_import(loading, result, strict=strict)
    except (StoppedError, StorageError) as error:
        is_trial = loading.dry_run or (strict and not result.outcomes)
        done = f"{list_counts(result.outcomes) or 'nothing is in'}; {again}"
        what = "nothing is stored" if is_trial else done
        click.echo(f"interrupted: {what}", err=True)
        if isinstance(error, StorageError):
            raise
        return stop.exit_code


def _refuse_together(
    one: str, is_given: object, other: str, is_other_given: object
) -> None:
    if is_given and is_other_given:
        raise click.UsageError(f"give {one} or {other}")
