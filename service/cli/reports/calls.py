"""The call list: whom no text reaches, or none in time."""

from dataclasses import asdict, fields
from typing import Final

import click

from service.app import Installation
from service.cli.default_authority import choose_authority
from service.cli.installation import with_installation
from service.domain.reports.call_list import CallListEntry
from service.flow.reports.call_list import list_calls

_COLUMNS: Final = [field.name for field in fields(CallListEntry)]


@click.command()
@click.option("--authority", help="With all below it; default: the settings' one.")
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text")
@with_installation
async def calls(installation: Installation, authority: str | None, form: str) -> None:
    """List the permits past closing, or close to it, that no text will save."""
    law = await installation.law_store.current_law()
    office = choose_authority(law, authority or installation.settings.authority)
    found = await list_calls(
        law.subtree(office.code),
        installation.law_store,
        installation.call_list_store,
        installation.clock,
    )
    if form == "csv":
        rows = [asdict(one) for one in found]
        click.echo(installation.report_formatter.rows_as_csv(rows, _COLUMNS), nl=False)
        return
    for one in found:
        click.echo(
            f"{one.expires_on}  {one.authority} {one.rule} {one.number}  {one.holder}  "
            f"{one.phones or 'no phone'}  closing {one.closes_on}: {one.why}"
        )
    click.echo(f"{len(found)} permits to be called")
