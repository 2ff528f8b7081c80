"""Permits whose holders no SMS reaches."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Final

import click

from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import whoami, with_installation
from service.cli.option_types import AUTHORITY_TREE, PHONE, PHONE_AUTHORITY, REASON
from service.domain.reports.unreachable import UnreachablePermit
from service.flow.permits.unreachable import find_unreachable, mark_reachable

_COLUMNS: Final = (
    *("authority", "rule", "number", "holder"),
    *("phones", "closes_on", "expires_on", "why"),
)

_PAGE_SIZE: Final = 500


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
    found = await _all_unreachable(installation, law.subtree(office.code))
    if form == "csv":
        rows = [_row(one) for one in found]
        click.echo(installation.report_formatter.rows_as_csv(rows, _COLUMNS), nl=False)
        return
    for one in found:
        click.echo(
            f"{one.expires_on}  {one.authority} {one.rule} {one.number}  {one.holder}  "
            f"{_phones(one) or 'no phone'}  closing {one.closes_on}: {one.why}"
        )
    click.echo(f"{len(found)} permits that no text reaches")


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


async def _all_unreachable(
    installation: Installation, offices: tuple[str, ...]
) -> list[UnreachablePermit]:
    found: list[UnreachablePermit] = []
    while True:
        after = found[-1].id if found else None
        page = await find_unreachable(
            offices, installation.unreachable_deps, after, _PAGE_SIZE
        )
        found += page
        if len(page) < _PAGE_SIZE:
            break
    return sorted(found, key=attrgetter("closes_on", "authority", "rule", "id"))


def _row(one: UnreachablePermit) -> Mapping[str, object]:
    return {
        "authority": one.authority,
        "rule": one.rule,
        "number": one.number,
        "holder": one.holder,
        "phones": _phones(one),
        "closes_on": one.closes_on,
        "expires_on": one.expires_on,
        "why": one.why,
    }


def _phones(one: UnreachablePermit) -> str:
    return "; ".join(phone.phone for phone in one.phones)
