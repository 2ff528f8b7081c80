"""The office's own SMS platform: check its format, import its results."""

from collections import Counter
from pathlib import Path

import click

from service.adapters.registers.rejects import open_rejects_file
from service.adapters.sms_platform.example import example_lines
from service.adapters.sms_platform.format.file import load_format
from service.adapters.sms_platform.format.model import PlatformFormat
from service.adapters.sms_platform.results.file import read_results
from service.adapters.sms_platform.results.receipt import PROVIDER_NAME
from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import FILE
from service.cli.stop_signal import (
    StoppedError,
    StopRequest,
    refuse_between,
    stoppable,
)
from service.domain.errors import SetUpError
from service.flow.permits.imported_rows.outcomes import REJECTED
from service.flow.sending.outcomes.import_results import (
    MOVED,
    UNCHANGED,
    import_results,
)
from service.settings import Settings


@click.group()
def outbox() -> None:
    """Send through your own SMS platform (PROVIDER=outbox)."""


@outbox.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check the format FILE (.toml), and show an example message in it."""
    for line in example_lines(load_format(file)):
        click.echo(line)


@outbox.command()
@click.argument("file", type=FILE)
@stoppable
@with_installation
async def results(installation: Installation, stop: StopRequest, file: Path) -> int:
    """Import the platform's results from FILE (CSV or XLSX).

    Rejected rows are written to FILE.rejects.csv; exit code 1 if there are any.
    Interrupted, it says what is in; then import FILE again.
    """
    found = _configured_format(installation.settings)
    if found.results is None:
        raise SetUpError(f"{found.path}: add [results], which says how to read them")
    rows = read_results(file, found.results, uses_our_ids=found.uses_our_ids)
    path, counts = file.with_name(f"{file.name}.rejects.csv"), Counter[str]()
    try:
        with open_rejects_file(path) as rejects:
            await import_results(
                refuse_between(rows, stop),
                PROVIDER_NAME,
                installation.receive_store,
                installation.clock,
                rejects,
                counts=counts,
            )
    except StoppedError:
        said = f"interrupted: {_list_counts(counts)}; import {file.name} again"
        click.echo(said, err=True)
        return stop.exit_code
    click.echo(_list_counts(counts))
    if rejects.count:
        click.echo(f"the rejected rows, each with its reason: {path}")
    return 1 if rejects.count else 0


def _list_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[one]} {one}" for one in (MOVED, UNCHANGED, REJECTED))


def _configured_format(settings: Settings) -> PlatformFormat:
    if settings.outbox is None:
        raise SetUpError(
            "PERMIT_REMINDERS_PROVIDER and PERMIT_REMINDERS_OUTBOX: set them to outbox "
            "and to the format file of the platform that made these results"
        )
    return load_format(settings.outbox)
