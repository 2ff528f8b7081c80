"""API keys of the people and programs that may call."""

import click

from service.app import House
from service.cli.installation import in_house, whoami


@click.group()
def keys() -> None:
    """API keys: every route but health and webhooks needs one."""


@keys.command()
@click.argument("name")
@in_house
async def create(house: House, name: str) -> None:
    """Make a key for NAME and show it, once."""
    click.echo(await house.keys.create(name, whoami(), house.clock.now()))


@keys.command("list")
@in_house
async def list_(house: House) -> None:
    """Every key, by the prefix that names it."""
    for key in await house.keys.all():
        ended = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "live"
        click.echo(f"{key.prefix}  {key.created_at:%Y-%m-%d}  {ended:18}  {key.name}")


@keys.command()
@click.argument("prefix")
@in_house
async def revoke(house: House, prefix: str) -> None:
    """End the key with this PREFIX."""
    await house.keys.revoke(prefix, whoami(), house.clock.now())
    click.echo(f"revoked {prefix}")
