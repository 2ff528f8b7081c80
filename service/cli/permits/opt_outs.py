"""Opt-outs: phones that are texted no more."""

import click

from service.app import House
from service.cli.default_authority import meant
from service.cli.installation import in_house, whoami
from service.cli.option_types import DIALLED_BY, PHONE, REASON
from service.flow.permits.opt_outs import lift as lift_opt_out
from service.flow.permits.opt_outs import opt_out


@click.group("opt-outs")
def opt_outs() -> None:
    """Phones that are texted no more, whatever register they stand in."""


@opt_outs.command("list")
@in_house
async def list_(house: House) -> None:
    """Every opt-out: the phone masked, since when, and how it came."""
    found = await house.consent.store.page(None, None)
    for one in found:
        click.echo(f"{one.phone:16}  {one.since:%Y-%m-%d %H:%M}Z  {one.via}")
    click.echo(f"{len(found)} opt-outs")


@opt_outs.command()
@PHONE
@DIALLED_BY
@REASON
@in_house
async def add(
    house: House, phone: str, authority: str | None, reason: str | None
) -> None:
    """Text PHONE no more; what is due to it ends at once."""
    office = meant(await house.office.law(), authority or house.settings.authority)
    made, new = await opt_out(
        phone, office.code, house.consent, via="command", by=whoami(), reason=reason
    )
    since = "" if new else f" since {made.since:%Y-%m-%d}, {made.via}"
    click.echo(f"{made.phone} is opted out{since}")


@opt_outs.command()
@PHONE
@DIALLED_BY
@REASON
@in_house
async def lift(
    house: House, phone: str, authority: str | None, reason: str | None
) -> None:
    """Text PHONE again; a block of the provider's own stays until its START."""
    office = meant(await house.office.law(), authority or house.settings.authority)
    gone = await lift_opt_out(
        phone, office.code, house.consent, by=whoami(), reason=reason
    )
    click.echo(f"{gone.masked} may be texted again")
