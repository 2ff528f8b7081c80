"""API keys of the people and programs that may call."""

import click

from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.option_types import ID, NAME
from service.domain.delivery.operator_request import MAX_NAME_LENGTH
from service.domain.untrusted.text import safe_label


@click.group()
def keys() -> None:
    """API keys: every route but health and webhooks needs one."""


@keys.command()
@click.argument("name", type=NAME)
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
        name = safe_label(key.name, MAX_NAME_LENGTH)  # older releases took any
        ended = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "live"
        click.echo(f"{key.prefix}  {key.created_at:%Y-%m-%d}  {ended:18}  {name}")


@keys.command()
@click.argument("prefix", type=ID)
@with_installation
async def revoke(installation: Installation, prefix: str) -> None:
    """End the key that begins with PREFIX; the whole key names it too."""
    revoked = await installation.api_key_store.revoke(
        prefix, whoami(), installation.clock.now()
    )
    click.echo(f"revoked {revoked.prefix}")
