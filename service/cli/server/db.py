"""The database's tables: where they stand, and bringing them to this release."""

from functools import partial

import click

from service.cli.installation import run_with_logging
from service.settings import load_settings
from service.upgrade import needed_revision, stored_revision, upgrade_database


@click.group()
def db() -> None:
    """The database's tables."""


@db.command()
def upgrade() -> None:
    """Upgrade the tables to this release; load new shipped rules."""
    settings = load_settings()
    new = run_with_logging(settings, partial(upgrade_database, settings))
    click.echo(f"tables at {needed_revision()}, {len(new)} new rule versions")


@db.command()
def status() -> None:
    """Say where the tables stand; exit 1 unless it is where they must."""
    settings, needed = load_settings(), needed_revision()
    found = run_with_logging(settings, partial(stored_revision, settings))
    click.echo(f"tables at {found or 'nothing'}, this release needs {needed}")
    if found != needed:
        click.get_current_context().exit(1)
