"""Databases with the tables of an earlier migration, upgraded with their rows."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from service.adapters.store.db.database import Database
from service.adapters.store.db.migrate import alembic_config


async def upgrade_with_rows(former: Path, revision: str, rows: str) -> None:
    """Make a database at a migration, insert rows, and upgrade it to the newest."""
    database = Database(f"sqlite:///{former}")

    def then(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with database.write() as connection:
        await connection.run_sync(then)
    with closing(sqlite3.connect(former)) as raw, raw:
        raw.executescript(rows)
    await database.upgrade()
    await database.check()
    await database.dispose()
