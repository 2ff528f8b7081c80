"""Import of a register's permits from a file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from service.adapters.registers.import_file import describe_file
from service.adapters.registers.register_file import read_register
from service.adapters.registers.reject_report import open_reject_report
from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import FILE
from service.cli.permits.load_register import Loading, load_register
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.cli.permits.suggest import print_suggestion
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import StorageError
from service.domain.rejected_rows.reasons import ReasonGroup
from service.flow.permits.import_record import ImportMode
from service.flow.permits.import_register import TAKES_TEXTS, ImportResult
from service.flow.permits.register import RegisterSource

MUCH_REJECTED: Final = 3
"""The exit code where more than a tenth of a file's rows was rejected."""

_MOST_REASONS: Final = 10
"""Reasons and words on the screen: the frequent ones of a whole file."""


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
        source = RegisterSource(mapping.source, mapping.max_age_days)
    loading = Loading(
        file=describe_file(
            file,
            source.name,
            ImportMode.UPSERT,
            mapping=mapping_file,
            default_authority=default,
        ),
        source=source,
        deps=installation.import_deps,
        resume=resume,
        dry_run=dry_run,
    )
    path, result = file.with_name(f"{file.name}.rejects.csv"), ImportResult()
    codes = {"rule": [*law.rules], "authority": [*law.authorities]}
    reasons: list[ReasonGroup] = []
    try:
        register = read_register(
            file, mapping, default_authority=default, check=stop.refuse
        )
        with (
            closing(register),
            open_reject_report(path, register, mapping, codes) as rejects,
        ):
            click.echo(f"read as {register.form}")
            remark = await load_register(register, loading, rejects, result)
            reasons = rejects.reasons.groups()
    except StoppedError:
        _print_interruption(file, result.outcomes)
        return stop.exit_code
    except StorageError:
        _print_interruption(file, result.outcomes)
        raise
    click.echo(_list_counts(result.outcomes) or "no rows")
    _print_remark(remark)
    _print_decisions(result.decisions)
    _print_phones(result.phones)
    _print_reasons(reasons)
    if reasons:
        workbook = path.with_suffix(".xlsx").name
        click.echo(f"the rejected rows, each with its reason: {path} and {workbook}")
    return MUCH_REJECTED if result.has_many_rejected else 0


def _print_remark(remark: str | None) -> None:
    if remark:
        click.echo(remark)


def _print_interruption(file: Path, outcomes: Mapping[str, int]) -> None:
    click.echo(
        f"interrupted: {_list_counts(outcomes) or 'nothing is in'}; import {file.name} "
        "again with --resume",
        err=True,
    )


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _print_decisions(decisions: Counter[tuple[str, str]]) -> None:
    """Say how many rows a word of the mapping decided about."""
    for (action, word), count in decisions.most_common(_MOST_REASONS):
        rows = "1 row" if count == 1 else f"{count} rows"
        click.echo(f"{rows}: {action}, as the mapping says for {word}")


def _print_phones(phones: Counter[str]) -> None:
    """Say how many permits have no phone that takes texts: a column may be ruined."""
    textless = {why: count for why, count in phones.items() if why != TAKES_TEXTS}
    if textless:
        click.echo(
            f"{sum(textless.values())} of {phones.total()} active permits have no "
            f"phone that takes texts ({_list_counts(textless)}); once their types are "
            "live, `permit-reminders unreachable list` names them"
        )


def _print_reasons(groups: Sequence[ReasonGroup]) -> None:
    """Say why rows were rejected and what repairs them, what is frequent first."""
    for group in groups[:_MOST_REASONS]:
        click.echo(str(group))
    if len(groups) > _MOST_REASONS:
        click.echo(f"and {len(groups) - _MOST_REASONS} more reasons")
