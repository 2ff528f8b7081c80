"""Holders that no text reaches any more."""

from collections.abc import Mapping
from typing import Final

import click

from service.app import House
from service.cli.default_authority import meant
from service.cli.installation import in_house, whoami
from service.cli.option_types import DIALLED_BY, PHONE, REASON
from service.domain.reports.unreachable import Unreached
from service.flow.permits.unreachable import lift as lift_unreachable
from service.flow.permits.unreachable import unreached

_COLUMNS: Final = (
    *("authority", "rule", "number", "holder"),
    *("phones", "closes_on", "expires_on", "why"),
)

_AT_ONCE: Final = 500


@click.group()
def unreachable() -> None:
    """Permits of which no phone takes texts: ask their holders for another number."""


@unreachable.command("list")
@click.option("--authority", help="With all below it; default: the settings' one.")
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text")
@in_house
async def list_(house: House, authority: str | None, form: str) -> None:
    """List them, what closes soonest first, with each phone masked and why."""
    law = await house.office.law()
    office = meant(law, authority or house.settings.authority)
    found = await _all(house, law.below(office.code))
    if form == "csv":
        rows = [_row(one) for one in found]
        click.echo(house.documents.rows_as_csv(rows, _COLUMNS), nl=False)
        return
    for one in found:
        click.echo(
            f"{one.expires_on}  {one.authority} {one.rule} {one.number}  {one.holder}  "
            f"{_phones(one) or 'no phone'}  closing {one.closes_on}: {one.why}"
        )
    click.echo(f"{len(found)} permits that no text reaches")


@unreachable.command()
@PHONE
@DIALLED_BY
@REASON
@in_house
async def lift(
    house: House, phone: str, authority: str | None, reason: str | None
) -> None:
    """Text PHONE again, as somebody knows that it works."""
    office = meant(await house.office.law(), authority or house.settings.authority)
    found = await lift_unreachable(
        phone, office.code, house.reach, by=whoami(), reason=reason
    )
    click.echo(f"{found.masked} counts as reachable again")


async def _all(house: House, offices: tuple[str, ...]) -> list[Unreached]:
    found: list[Unreached] = []
    while True:
        after = found[-1].id if found else None
        page = await unreached(offices, house.reach, after, _AT_ONCE)
        found += page
        if len(page) < _AT_ONCE:
            break
    return sorted(found, key=lambda it: (it.closes_on, it.authority, it.rule, it.id))


def _row(one: Unreached) -> Mapping[str, object]:
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


def _phones(one: Unreached) -> str:
    return "; ".join(phone.phone for phone in one.phones)
