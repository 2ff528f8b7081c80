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
    """Stop sending for SCOPE: all (the default), rule:CODE or authority:CODE."""
    await _refuse_unknown(house, scope)
    await house.brakes.pause(scope, whoami(), reason, house.clock.now())
    click.echo(f"paused {scope}")


@click.command()
@_SCOPE
@in_house
async def resume(house: House, scope: str) -> None:
    """Send again for SCOPE: all (the default), rule:CODE or authority:CODE."""
    await _refuse_unknown(house, scope)
    await house.brakes.resume(scope, whoami(), house.clock.now())
    click.echo(f"resumed {scope}")


async def _refuse_unknown(house: House, scope: str) -> None:
    kind, _, code = scope.partition(":")
    law = await house.office.law()
    if kind == "rule":
        law.rule(code)
    elif kind == "authority":
        law.authority(code)
