"""Rows stored as they were read: COPY on PostgreSQL, one statement on SQLite."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.copy.stored_tables import Row, StoredTable
from service.adapters.store.db.insert_rows import insert_rows
from service.domain.errors import SetUpError


async def insert_page(
    connection: AsyncConnection, stored: StoredTable, rows: Sequence[Row]
) -> None:
    """Store rows. Raises `SetUpError` for a value that the database does not take."""
    try:
        if connection.dialect.name == "sqlite":
            named: Any = [row._mapping for row in rows]  # type: ignore[attr-defined] # noqa: SLF001 - public in spite of its name
            await insert_rows(connection, insert(stored.table), named)
        else:
            await _copy_in(connection, stored, rows)
    except (DataError, IntegrityError) as error:
        reason = str(error.orig).partition("\n")[0]  # the other lines show values
        raise SetUpError(
            f"{stored.name}: {reason}; correct this row in the source"
        ) from error


async def _copy_in(
    connection: AsyncConnection, stored: StoredTable, rows: Sequence[Row]
) -> None:
    """Run COPY: https://www.psycopg.org/psycopg3/docs/basic/copy.html ."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    quote = connection.dialect.identifier_preparer
    columns = ", ".join(quote.quote(one.name) for one in stored.table.columns)
    sql = f"COPY {quote.format_table(stored.table)} ({columns}) FROM STDIN"
    psycopg = import_module("psycopg")  # an extra
    try:
        async with driver.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                await copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(
            sql, None, error, psycopg.Error, dialect=connection.dialect
        ) from error


async def continue_numbers(connection: AsyncConnection, stored: StoredTable) -> None:
    """Let PostgreSQL count on from the highest number, as SQLite does by itself."""
    if stored.counted_key is None or connection.dialect.name == "sqlite":
        return
    name = stored.counted_key.name
    sequence = func.pg_get_serial_sequence(stored.name, name)
    highest = select(func.max(stored.table.c[name])).scalar_subquery()
    await connection.execute(select(func.setval(sequence, highest)))
