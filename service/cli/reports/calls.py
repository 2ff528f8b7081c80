"""The call list: whom no text reaches, or none in time."""

from dataclasses import asdict, fields
from typing import Final

import click

from service.app import House
from service.cli.default_authority import meant
from service.cli.installation import in_house
from service.domain.reports.call_list import Call
from service.flow.reports.call_list import calls as list_calls

_COLUMNS: Final = [field.name for field in fields(Call)]


@click.command()
@click.option("--authority", help="With all below it; default: the settings' one.")
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text")
@in_house
async def calls(house: House, authority: str | None, form: str) -> None:
    """List the permits past closing, or close to it, that no text will save."""
    law = await house.office.law()
    office = meant(law, authority or house.settings.authority)
    found = await list_calls(
        law.below(office.code), house.office, house.calling, house.clock
    )
    if form == "csv":
        rows = [asdict(one) for one in found]
        click.echo(house.documents.rows_as_csv(rows, _COLUMNS), nl=False)
        return
    for one in found:
        click.echo(
            f"{one.expires_on}  {one.authority} {one.rule} {one.number}  {one.holder}  "
            f"{one.phones or 'no phone'}  closing {one.closes_on}: {one.why}"
        )
    click.echo(f"{len(found)} permits to be called")
