"""The diagnosis: what would go wrong, and what to do about it."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from service.adapters.check_provider import check_provider
from service.adapters.clock import SystemClock
from service.adapters.drop_folders.check import check_registers
from service.app import Installation, open_installation
from service.cli.installation import run_with_logging
from service.cli.option_types import AS_JSON
from service.cli.server.serve import refuse_real_sms_when_simulated
from service.domain.errors import SetUpError
from service.domain.masked_text import mask_text
from service.domain.reports.findings import Finding, Severity
from service.domain.reports.sending_findings import judge_provider, judge_room
from service.flow.reports.diagnose import diagnose
from service.settings import Settings, load_settings


@click.command()
@AS_JSON
def doctor(*, as_json: bool) -> None:
    """Say what would go wrong, one line each with what to do.

    Reads only, asks the provider without sending, and needs no running service. Exit
    code 1 if anything would go wrong.
    """
    settings = load_settings()
    found = [
        *_room(settings.file_beside),
        *_registers(settings),
        *run_with_logging(settings, lambda: _diagnose(settings)),
    ]
    wrong = [one for one in found if one.severity is not Severity.NOTE]
    if as_json:
        document = {
            "database": settings.shown_database,
            "goes_wrong": bool(wrong),
            "findings": [*map(asdict, found)],
        }
        click.echo(mask_text(json.dumps(document, ensure_ascii=False, indent=2)))
    else:
        click.echo(f"looked at {settings.shown_database}")
        _print(found)
    if wrong:
        click.get_current_context().exit(1)


async def _diagnose(settings: Settings) -> list[Finding]:
    """Diagnose the installation, or say why it cannot be opened."""
    ask = partial(check_provider, settings)
    try:
        async with open_installation(settings) as installation:
            found = await diagnose(installation.diagnosis_deps, ask)
            return [*_judge_simulation(installation), *found]
    except SetUpError as error:
        closed = Finding(Severity.STOPS, "database", error.in_one_line)
        return [closed, *judge_provider(await ask(), None)]


def _judge_simulation(installation: Installation) -> Iterator[Finding]:
    try:
        refuse_real_sms_when_simulated(installation)
    except SetUpError as error:
        yield Finding(Severity.STOPS, "provider", error.in_one_line)


def _print(found: Sequence[Finding]) -> None:
    for severity in Severity:
        lines = [one for one in found if one.severity is severity]
        if lines:
            click.echo(f"{severity}:")
        for one in lines:
            remedy = f"; {one.remedy}" if one.remedy else ""
            click.echo(mask_text(f"  {one.part}: {one.what}{remedy}"))
    if all(one.severity is Severity.NOTE for one in found):
        click.echo("nothing would go wrong")


def _registers(settings: Settings) -> Iterable[Finding]:
    if settings.registers is None:
        return ()
    return check_registers(settings.registers, SystemClock().now())


def _room(file: Path) -> Iterable[Finding]:
    folder = file.absolute().parent
    if not folder.is_dir():
        return []  # what is said of the database names the folder
    return judge_room(shutil.disk_usage(folder).free, str(folder))
