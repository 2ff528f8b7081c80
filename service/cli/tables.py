"""The database's tables: where they stand, and bringing them to this release."""

from functools import partial

import click

from service.adapters.store.database import Database, newest
from service.app import prepare
from service.cli.opened import run_to_end
from service.settings import Settings, load


@click.group()
def db() -> None:
    """The database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this release, and load the shipped rules that are new."""
    settings = load()
    new = run_to_end(settings, partial(_upgrade, settings))
    click.echo(f"tables at {newest()}, {len(new)} new rule versions")


@db.command()
def status() -> None:
    """Say where the tables stand; exit 1 unless it is where they must."""
    settings = load()
    found = run_to_end(settings, partial(_revision, settings))
    click.echo(f"tables at {found or 'nothing'}, this release needs {newest()}")
    if found != newest():
        click.get_current_context().exit(1)


async def _upgrade(settings: Settings) -> list[str]:
    database = Database(settings.database_url)
    try:
        return await prepare(settings, database)
    finally:
        await database.dispose()


async def _revision(settings: Settings) -> str | None:
    """The migration the tables stand at; to ask must not make a file."""
    if not settings.database_file.exists():
        return None
    database = Database(settings.database_url)
    try:
        return await database.revision()
    finally:
        await database.dispose()
