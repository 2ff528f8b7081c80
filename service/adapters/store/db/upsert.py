"""INSERT … ON CONFLICT, which SQLAlchemy offers per database only."""

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT with `on_conflict_…` methods, for the database of the connection.

    The types of both databases have the same methods; PostgreSQL's stands for both.
    """
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - only when used

        return sqlite.insert(table)  # type: ignore[return-value] # see above
    return insert(table)
