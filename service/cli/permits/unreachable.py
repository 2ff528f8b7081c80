"""Permits whose holders no SMS reaches."""

from collections.abc import Mapping
from typing import Final

import click

from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import whoami, with_installation
from service.cli.option_types import AUTHORITY_TREE, PHONE, PHONE_AUTHORITY, REASON
from service.cli.output.permit_list import print_permit_list
from service.domain.reports.unreachable import UnreachablePermit
from service.flow.permits.unreachable import find_all_unreachable, mark_reachable

_COLUMNS: Final = (
    *("authority", "rule", "number", "holder"),
    *("phones", "closes_on", "expires_on", "why"),
)


@click.group()
def unreachable() -> None:
    """Permits whose phones all fail: ask their holders for another number."""


@unreachable.command("list")
@AUTHORITY_TREE
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text")
@with_installation
async def list_(installation: Installation, authority: str | None, form: str) -> None:
    """List the permits, soonest closing first; phones are masked."""
    law, office = await installed_authority(installation, authority)
    found = await find_all_unreachable(
        law.subtree(office.code), installation.unreachable_deps
    )
    print_permit_list(
        [_row(one) for one in found],
        _COLUMNS,
        installation.report_formatter,
        as_csv=form == "csv",
        summary="permits that no text reaches",
    )


@unreachable.command()
@PHONE
@PHONE_AUTHORITY
@REASON
@with_installation
async def lift(
    installation: Installation, phone: str, authority: str | None, reason: str | None
) -> None:
    """Text PHONE again because you know that it works."""
    _, office = await installed_authority(installation, authority)
    lifted = await mark_reachable(
        phone, office.code, installation.unreachable_deps, by=whoami(), reason=reason
    )
    click.echo(f"{lifted.masked} counts as reachable again")


def _row(permit: UnreachablePermit) -> Mapping[str, object]:
    phones = "; ".join(one.phone for one in permit.phones)
    return {name: getattr(permit, name) for name in _COLUMNS} | {"phones": phones}
