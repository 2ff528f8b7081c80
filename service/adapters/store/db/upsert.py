"""INSERT … ON CONFLICT, which both databases have and generic SQL has not."""

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT that may say `on_conflict_…`, in the dialect of the connection.

    SQLite's twin has the same methods; PostgreSQL's type stands for both.
    """
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - the twin, when used

        return sqlite.insert(table)  # type: ignore[return-value] # see above
    return insert(table)
