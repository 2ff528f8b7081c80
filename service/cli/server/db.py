"""The database: where its tables stand, bringing them to this release, moving it."""

from functools import partial

import click

from service.cli.installation import run_with_logging
from service.cli.option_types import DATABASE
from service.cli.output.progress import show_copying
from service.copy_database import copy_to
from service.settings import load_settings
from service.upgrade import needed_revision, stored_revision, upgrade_database


@click.group()
def db() -> None:
    """The database and its tables."""


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


@db.command()
@click.argument("source", metavar="FROM", type=DATABASE)
@click.argument("target", metavar="TO", type=DATABASE)
def copy(source: str, target: str) -> None:
    """Copy the database FROM, of either kind, into the empty TO.

    Sending must be paused on FROM, and nothing else may write to it meanwhile. Broken
    off, the same command goes on where it stopped. Every row is compared in the end.
    """
    settings = load_settings().model_copy(update={"database_url": source})
    with show_copying() as start:
        rows = run_with_logging(settings, partial(copy_to, target, settings, start))
    click.echo(f"{rows} rows copied, the same on both sides; sending is paused on both")
    if settings.database_file is not None and settings.key is None:
        click.echo(
            f"its key is in {settings.database_file}.key, for PERMIT_REMINDERS_KEY"
        )
