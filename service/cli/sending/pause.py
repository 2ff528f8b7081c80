"""Keeping the service in order: audit, pause and resume."""

import click

from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.option_types import PauseScope
from service.flow.reports.audit import audit_ledger
from service.flow.sending.pause import pause_sending, resume_sending


@click.command()
@with_installation
async def audit(installation: Installation) -> int:
    """Recompute the ledger; exit 1 on any difference."""
    differences = await audit_ledger(
        installation.audit_store, installation.law_store, installation.vault
    )
    for difference in differences:
        click.echo(difference)
    click.echo("the ledger adds up" if not differences else f"{len(differences)} wrong")
    return 1 if differences else 0


_SCOPE = click.argument("scope", default="all", type=PauseScope())


@click.command()
@_SCOPE
@click.option("--reason", required=True, help="Why; it is kept and shown.")
@with_installation
async def pause(installation: Installation, scope: str, reason: str) -> None:
    """Stop sending for SCOPE.

    That is all (the default), rule:CODE, authority:CODE for the permits it issued, or
    office:CODE for all that an office sends.
    """
    order = {"scope": scope, "reason": reason}
    click.echo(
        f"paused {await pause_sending(order, installation.pause_deps(), whoami())}"
    )


@click.command()
@_SCOPE
@with_installation
async def resume(installation: Installation, scope: str) -> None:
    """Send again for SCOPE, which may be all (the default) that was paused.

    Where the volume guard had paused it, that confirms the day: all of it is sent. For
    all, what no way led to is tried again.
    """
    done = await resume_sending({"scope": scope}, installation.pause_deps(), whoami())
    confirmed = f", {done.confirmed_day} confirmed" if done.confirmed_day else ""
    tried = f", {done.retried} without a route tried again" if done.retried else ""
    click.echo(f"resumed {done.scope}{confirmed}{tried}")
