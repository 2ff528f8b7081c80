"""The call list: permits whose holders no SMS reaches in time."""

from dataclasses import asdict, fields
from typing import Final

import click

from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import with_installation
from service.cli.option_types import AUTHORITY_TREE
from service.cli.output.permit_list import print_permit_list
from service.domain.reports.call_list import CallListEntry
from service.flow.reports.call_list import list_calls

_COLUMNS: Final = [field.name for field in fields(CallListEntry)]


@click.command()
@AUTHORITY_TREE
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text")
@with_installation
async def calls(installation: Installation, authority: str | None, form: str) -> None:
    """List the holders that you must call.

    Their permits are near or past closing, and no SMS will reach them in time.
    """
    law, office = await installed_authority(installation, authority)
    found = await list_calls(
        law.subtree(office.code),
        installation.law_store,
        installation.call_list_store,
        installation.clock,
    )
    print_permit_list(
        [asdict(one) for one in found],
        _COLUMNS,
        installation.report_formatter,
        as_csv=form == "csv",
        summary="permits to be called",
    )
