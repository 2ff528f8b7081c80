"""Pausing and resuming what is sent."""

import click

from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.option_types import PauseScope
from service.cli.sending.decisions import REASON
from service.flow.sending.pause import pause_sending, resume_sending

_SCOPE = click.argument("scope", default="all", type=PauseScope())


@click.command()
@_SCOPE
@REASON
@with_installation
async def pause(installation: Installation, scope: str, reason: str) -> None:
    """Stop sending for SCOPE until you resume it.

    SCOPE is all (the default), rule:CODE, authority:CODE for the permits that it
    issued, or office:CODE for everything that it sends. resend:PROVIDER stops only
    automatic re-sends after an absence from the provider's list.
    """
    request = {"scope": scope, "reason": reason}
    click.echo(
        f"paused {await pause_sending(request, installation.pause_deps, whoami())}"
    )


@click.command()
@_SCOPE
@with_installation
async def resume(installation: Installation, scope: str) -> None:
    """Send again what was paused for SCOPE (default: all).

    If the volume guard paused it, you confirm today's volume: all of it is sent.
    Resuming all also retries messages that had no route to their number.
    """
    done = await resume_sending({"scope": scope}, installation.pause_deps, whoami())
    confirmed = f", {done.confirmed_day} confirmed" if done.confirmed_day else ""
    tried = f", {done.retried} without a route tried again" if done.retried else ""
    click.echo(f"resumed {done.scope}{confirmed}{tried}")
