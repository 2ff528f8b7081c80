"""Keeping the service in order: audit, pause and resume."""

import click

from service.app import House
from service.cli.opened import in_house, whoami
from service.cli.types import Scope
from service.flow.audit import audit as audit_ledger


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
    await _refuse_unknown(house, scope)
    await house.brakes.pause(scope, whoami(), reason, house.clock.now())
    click.echo(f"paused {scope}")


@click.command()
@_SCOPE
@in_house
async def resume(house: House, scope: str) -> None:
    """Send again for SCOPE, which may be all (the default) that was paused.

    Where the volume guard had paused it, that confirms the day: all of it is sent.
    """
    await _refuse_unknown(house, scope)
    day = await house.brakes.resume(scope, whoami(), house.clock.now())
    click.echo(f"resumed {scope}" + (f", {day} confirmed" if day else ""))


async def _refuse_unknown(house: House, scope: str) -> None:
    kind, _, code = scope.partition(":")
    law = await house.office.law()
    if kind == "rule":
        law.rule(code)
    elif kind in ("authority", "office"):
        law.authority(code)
