"""Databases of former tables, brought to those of today with all they hold."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from service.adapters.store.db.database import Database, _config


async def brought(former: Path, revision: str, rows: str) -> None:
    """Make a database of a revision with some rows, and bring it to today's."""
    database = Database(f"sqlite:///{former}")

    def then(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with database.write() as connection:
        await connection.run_sync(then)
    with closing(sqlite3.connect(former)) as raw, raw:
        raw.executescript(rows)
    await database.upgrade()
    await database.check()
    await database.dispose()
