"""INSERT of many rows, without SQLAlchemy's work for each of them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import encode_column


async def insert_rows(
    connection: AsyncConnection,
    statement: Insert,
    rows: Sequence[Mapping[str, object]],
) -> None:
    """Insert rows that all have the same columns, those with defaults among them.

    `execute` would build and convert the parameters of one row after the other, which
    takes longer than SQLite takes to store them. Here each column is converted at once.
    """
    if not rows:
        return
    dialect, columns = connection.dialect, statement.table.c
    if dialect.name != "sqlite":
        await connection.execute(statement, rows)
        return
    compiled = statement.compile(dialect=dialect, column_keys=[*rows[0]])
    encoded = [
        encode_column(columns[name].type, [row[name] for row in rows], dialect)
        for name in compiled.positiontup or ()
    ]
    await connection.exec_driver_sql(str(compiled), [*zip(*encoded, strict=True)])
