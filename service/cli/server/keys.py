"""API keys of the people and programs that may call."""

import click

from service.app import Installation
from service.cli.installation import whoami, with_installation


@click.group()
def keys() -> None:
    """API keys: every route but health and webhooks needs one."""


@keys.command()
@click.argument("name")
@with_installation
async def create(installation: Installation, name: str) -> None:
    """Make a key for NAME and show it, once."""
    click.echo(
        await installation.api_key_store.create(
            name, whoami(), installation.clock.now()
        )
    )


@keys.command("list")
@with_installation
async def list_(installation: Installation) -> None:
    """Every key, by the prefix that names it."""
    for key in await installation.api_key_store.list_keys():
        ended = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "live"
        click.echo(f"{key.prefix}  {key.created_at:%Y-%m-%d}  {ended:18}  {key.name}")


@keys.command()
@click.argument("prefix")
@with_installation
async def revoke(installation: Installation, prefix: str) -> None:
    """End the key with this PREFIX."""
    await installation.api_key_store.revoke(prefix, whoami(), installation.clock.now())
    click.echo(f"revoked {prefix}")
