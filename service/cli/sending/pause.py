"""Keeping the service in order: audit, pause and resume."""

import click

from service.app import House
from service.cli.installation import in_house, whoami
from service.cli.option_types import Scope
from service.flow.reports.audit import audit as audit_ledger
from service.flow.sending.pause import pause as pause_sending
from service.flow.sending.pause import resume as resume_sending


@click.command()
@in_house
async def audit(house: House) -> int:
    """Recompute the ledger; exit 1 on any difference."""
    differences = await audit_ledger(house.auditing, house.office, house.vault)
    for difference in differences:
        click.echo(difference)
    click.echo("the ledger adds up" if not differences else f"{len(differences)} wrong")
    return 1 if differences else 0


_SCOPE = click.argument("scope", default="all", type=Scope())


@click.command()
@_SCOPE
@click.option("--reason", required=True, help="Why; it is kept and shown.")
@in_house
async def pause(house: House, scope: str, reason: str) -> None:
    """Stop sending for SCOPE.

    That is all (the default), rule:CODE, authority:CODE for the permits it issued, or
    office:CODE for all that an office sends.
    """
    order = {"scope": scope, "reason": reason}
    click.echo(f"paused {await pause_sending(order, house.braking(), whoami())}")


@click.command()
@_SCOPE
@in_house
async def resume(house: House, scope: str) -> None:
    """Send again for SCOPE, which may be all (the default) that was paused.

    Where the volume guard had paused it, that confirms the day: all of it is sent. For
    all, what no way led to is tried again.
    """
    done = await resume_sending({"scope": scope}, house.braking(), whoami())
    confirmed = f", {done.confirmed} confirmed" if done.confirmed else ""
    tried = f", {done.tried} without a route tried again" if done.tried else ""
    click.echo(f"resumed {done.scope}{confirmed}{tried}")
