"""Opt-outs: phones that get no more texts."""

import click

from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import whoami, with_installation
from service.cli.option_types import PHONE, PHONE_AUTHORITY, REASON
from service.flow.permits.opt_outs import lift_opt_out, opt_out


@click.group("opt-outs")
def opt_outs() -> None:
    """Phones that get no more texts, whichever register they come from."""


@opt_outs.command("list")
@with_installation
async def list_(installation: Installation) -> None:
    """List every opt-out; phones are masked."""
    found = await installation.opt_out_deps.store.page(None, None)
    for one in found:
        click.echo(f"{one.phone:16}  {one.since:%Y-%m-%d %H:%M}Z  {one.via}")
    click.echo(f"{len(found)} opt-outs")


@opt_outs.command()
@PHONE
@PHONE_AUTHORITY
@REASON
@with_installation
async def add(
    installation: Installation, phone: str, authority: str | None, reason: str | None
) -> None:
    """Stop texting PHONE; its due reminders end at once."""
    _, office = await installed_authority(installation, authority)
    opted_out, new = await opt_out(
        phone,
        office.code,
        installation.opt_out_deps,
        via="command",
        by=whoami(),
        reason=reason,
    )
    since = "" if new else f" since {opted_out.since:%Y-%m-%d}, {opted_out.via}"
    click.echo(f"{opted_out.phone} is opted out{since}")


@opt_outs.command()
@PHONE
@PHONE_AUTHORITY
@REASON
@with_installation
async def lift(
    installation: Installation, phone: str, authority: str | None, reason: str | None
) -> None:
    """Text PHONE again.

    If the provider blocks the phone too, its holder must text START.
    """
    _, office = await installed_authority(installation, authority)
    lifted = await lift_opt_out(
        phone, office.code, installation.opt_out_deps, by=whoami(), reason=reason
    )
    click.echo(f"{lifted.masked} may be texted again")
