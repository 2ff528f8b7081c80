"""How many reminders are to come, day by day."""

from collections.abc import Sequence

import click
import orjson

from service.app import House
from service.cli.default_authority import meant
from service.cli.installation import in_house
from service.domain.reports.forecast import Expected
from service.flow.reports.forecast import DAYS, MOST
from service.flow.reports.forecast import forecast as foretell


@click.command()
@click.option(
    "--days", type=click.IntRange(1, MOST), default=DAYS, help="How many, with today."
)
@click.option("--authority", help="With all below it; default: the settings' one.")
@click.option(
    "--format", "form", type=click.Choice(["text", "csv", "json"]), default="text"
)
@in_house
async def forecast(house: House, days: int, authority: str | None, form: str) -> None:
    """Foretell the reminders of the coming days, as the registers stand."""
    office = meant(await house.office.law(), authority or house.settings.authority)
    found = await foretell(office, days, house.office, house.forecasting, house.clock)
    if form == "json":
        click.echo(orjson.dumps([one.told() for one in found]))
    elif form == "csv":
        click.echo(house.documents.rows_as_csv(*_table(found)), nl=False)
    else:
        _show(found)


def _table(found: Sequence[Expected]) -> tuple[list[dict[str, object]], list[str]]:
    """A row for each day, with a column for each type that has any."""
    rules = sorted({rule for one in found for rule in one.rules})
    rows = [
        {"day": str(one.day), "reminders": one.reminders}
        | {rule: one.rules.get(rule, 0) for rule in rules}
        for one in found
    ]
    return rows, ["day", "reminders", *rules]


def _show(found: Sequence[Expected]) -> None:
    for one in found:
        rules = ", ".join(f"{rule} {count}" for rule, count in one.rules.items())
        click.echo(f"{one.day:%a %d %b %Y}{one.reminders:>8}  {rules}".rstrip())
    total = sum(one.reminders for one in found)
    days = "1 day" if len(found) == 1 else f"{len(found)} days"
    click.echo(f"{total} reminders in {days}")
