"""Keeping the service in order: audit, pause and resume, keys, database."""

import asyncio

import click

from service.adapters.store.database import Database, newest
from service.app import House, prepare
from service.cli.opened import in_house, whoami
from service.domain.errors import InvalidError, Mistake
from service.flow.audit import audit as audit_ledger
from service.settings import load


@click.command()
@in_house
async def audit(house: House) -> int:
    """Recompute the ledger; exit 1 on any difference."""
    differences = await audit_ledger(house.auditing, house.office, house.vault)
    for difference in differences:
        click.echo(difference)
    click.echo("the ledger adds up" if not differences else f"{len(differences)} wrong")
    return 1 if differences else 0


_SCOPE = click.argument("scope", default="all")


@click.command()
@_SCOPE
@click.option("--reason", required=True, help="Why; it is kept and shown.")
@in_house
async def pause(house: House, scope: str, reason: str) -> None:
    """Stop sending for SCOPE: all, rule:CODE or authority:CODE."""
    await _check(house, scope)
    await house.brakes.pause(scope, whoami(), reason, house.clock.now())
    click.echo(f"paused {scope}")


@click.command()
@_SCOPE
@in_house
async def resume(house: House, scope: str) -> None:
    """Send again for SCOPE: all, rule:CODE or authority:CODE."""
    await house.brakes.resume(scope, whoami(), house.clock.now())
    click.echo(f"resumed {scope}")


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


@click.group()
def db() -> None:
    """The database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this release, and load the shipped rules that are new."""
    settings = load()

    async def run() -> list[str]:
        database = Database(settings.database_url)
        try:
            return await prepare(settings, database)
        finally:
            await database.dispose()

    new = asyncio.run(run())
    click.echo(f"tables at {newest()}, {len(new)} new rule versions")


@db.command()
def status() -> None:
    """Say where the tables stand; exit 1 unless it is where they must."""
    settings = load()

    async def run() -> str | None:
        database = Database(settings.database_url)
        try:
            return await database.revision()
        finally:
            await database.dispose()

    found = asyncio.run(run())
    click.echo(f"tables at {found or 'nothing'}, this release needs {newest()}")
    if found != newest():
        click.get_current_context().exit(1)


async def _check(house: House, scope: str) -> None:
    kind, _, code = scope.partition(":")
    law = await house.office.law()
    if scope == "all":
        return
    if kind == "rule":
        law.rule(code)
    elif kind == "authority":
        law.authority(code)
    else:
        expected = "all, rule:CODE or authority:CODE"
        raise InvalidError("pause", [Mistake("scope", repr(scope), expected)])
