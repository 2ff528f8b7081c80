"""What became of a failover, and the decision on what cannot be asked about."""

import click

from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.sending.decisions import REASON
from service.flow.sending.failover.decide import send_held


@click.group()
def failover() -> None:
    """Show what is open after the database changed its server, and decide on it."""


@failover.command()
@with_installation
async def status(installation: Installation) -> None:
    """Show the present server, and what is open since a failover."""
    found = await installation.failover_deps.store.status()
    standing, server = found.standing, found.standing.stored
    click.echo(f"server: {standing.present or 'an SQLite file, or a standby'}")
    if server is None or server.asked_since is None:
        click.echo("it is the first server of this database")
        return
    click.echo(f"found: {server.found_at:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"sending: {'goes on' if standing.doubt is None else standing.doubt}")
    click.echo(f"the provider is asked about: {found.asked:,} messages")
    decided = " (decided: sent)" if server.is_released else ""
    click.echo(f"wait for your decision: {found.held:,} reminders{decided}")


@failover.command()
@REASON
@with_installation
async def send(installation: Installation, reason: str) -> None:
    """Send what may have been sent before the failover."""
    deps, clock = installation.failover_deps, installation.clock
    sent = await send_held({"reason": reason}, deps, clock, whoami())
    click.echo(f"{sent:,} reminders are due again")
