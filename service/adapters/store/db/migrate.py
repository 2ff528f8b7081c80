"""Migrations: which one the tables are at, and running those that are missing."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from service.adapters.store.db.dialects.postgres_set_up import leave_room
from service.domain.errors import SetUpError

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER: Final = Path(__file__).parents[1] / "migrations"

_DIGITS: Final = 4
"""A migration's file begins with its number, as in "0001_the_first_tables.py"."""


def newest_migration() -> str:
    """The number of the newest migration in this release."""
    files = (_FOLDER / "versions").glob("[0-9]*.py")
    return max(file.name[:_DIGITS] for file in files)


def current_migration(connection: Connection) -> str | None:
    """The number of the migration that the tables are at; None without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version"))
    version: str | None = found.scalar()
    return version


def upgrade(connection: Connection, shown_url: str) -> None:
    """Run the migrations that are missing.

    Raises `SetUpError`, which names the database, if a later release migrated it.
    """
    from alembic import command  # noqa: PLC0415 - 10 MiB that nothing else needs
    from alembic.util import CommandError  # noqa: PLC0415

    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
        if connection.dialect.name == "postgresql":
            leave_room(connection)
    except CommandError as error:
        raise SetUpError(
            f"{shown_url}: {error}; its tables come from a later release"
        ) from error


def alembic_config() -> "Config":
    """Alembic's configuration: where the migrations are."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
