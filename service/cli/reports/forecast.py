"""The forecast: how many reminders fall due each day."""

from collections.abc import Sequence

import click
import orjson

from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import with_installation
from service.cli.option_types import AUTHORITY_TREE
from service.domain.reports.forecast import ExpectedDay
from service.flow.reports.forecast import DEFAULT_DAYS, MAX_DAYS, forecast_reminders


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=DEFAULT_DAYS,
    help="Number of days, today included.",
)
@AUTHORITY_TREE
@click.option(
    "--format", "form", type=click.Choice(["text", "csv", "json"]), default="text"
)
@with_installation
async def forecast(
    installation: Installation, days: int, authority: str | None, form: str
) -> None:
    """Show how many reminders fall due on each of the coming days."""
    _, office = await installed_authority(installation, authority)
    found = await forecast_reminders(
        office,
        days,
        installation.law_store,
        installation.forecast_store,
        installation.clock,
    )
    if form == "json":
        click.echo(orjson.dumps([one.public_fields() for one in found]))
    elif form == "csv":
        click.echo(installation.report_formatter.rows_as_csv(*_table(found)), nl=False)
    else:
        _print_days(found)


def _table(found: Sequence[ExpectedDay]) -> tuple[list[dict[str, object]], list[str]]:
    """A row for each day, and a column for each rule that has reminders."""
    rules = sorted({rule for one in found for rule in one.rules})
    rows = [
        {"day": str(one.day), "reminders": one.reminders}
        | {rule: one.rules.get(rule, 0) for rule in rules}
        for one in found
    ]
    return rows, ["day", "reminders", *rules]


def _print_days(found: Sequence[ExpectedDay]) -> None:
    for one in found:
        rules = ", ".join(f"{rule} {count}" for rule, count in one.rules.items())
        click.echo(f"{one.day:%a %d %b %Y}{one.reminders:>8}  {rules}".rstrip())
    total = sum(one.reminders for one in found)
    days = "1 day" if len(found) == 1 else f"{len(found)} days"
    click.echo(f"{total} reminders in {days}")
