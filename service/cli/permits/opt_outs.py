"""Opt-outs: phones that are texted no more."""

import click

from service.app import Installation
from service.cli.default_authority import choose_authority
from service.cli.installation import whoami, with_installation
from service.cli.option_types import PHONE, PHONE_AUTHORITY, REASON
from service.flow.permits.opt_outs import lift_opt_out, opt_out


@click.group("opt-outs")
def opt_outs() -> None:
    """Phones that are texted no more, whatever register they stand in."""


@opt_outs.command("list")
@with_installation
async def list_(installation: Installation) -> None:
    """Every opt-out: the phone masked, since when, and how it came."""
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
    """Text PHONE no more; what is due to it ends at once."""
    office = choose_authority(
        await installation.law_store.current_law(),
        authority or installation.settings.authority,
    )
    made, new = await opt_out(
        phone,
        office.code,
        installation.opt_out_deps,
        via="command",
        by=whoami(),
        reason=reason,
    )
    since = "" if new else f" since {made.since:%Y-%m-%d}, {made.via}"
    click.echo(f"{made.phone} is opted out{since}")


@opt_outs.command()
@PHONE
@PHONE_AUTHORITY
@REASON
@with_installation
async def lift(
    installation: Installation, phone: str, authority: str | None, reason: str | None
) -> None:
    """Text PHONE again; a block of the provider's own stays until its START."""
    office = choose_authority(
        await installation.law_store.current_law(),
        authority or installation.settings.authority,
    )
    gone = await lift_opt_out(
        phone, office.code, installation.opt_out_deps, by=whoami(), reason=reason
    )
    click.echo(f"{gone.masked} may be texted again")
