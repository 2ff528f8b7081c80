"""Statements that run all the time: compiled once, and one call of the driver each.

`AsyncConnection.execute` makes four calls (cursor, execute, fetchall, close), and for
each of them the event loop and aiosqlite's thread wake one another. That takes ten
times as much processor time as one call.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Dialect, Insert, Select, Update
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection


class Prepared:
    """A statement whose parameters are given when it runs, as often as wanted."""

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement = statement
        self._compiled: _Compiled | None = None

    async def run(
        self, connection: AsyncConnection, values: Mapping[str, object]
    ) -> Sequence[Any]:
        """Run it with these parameters; the rows that it returns, if any."""
        if connection.dialect.name != "sqlite":
            found = await connection.execute(self._statement, values)
            return found.all() if found.returns_rows else ()
        if self._compiled is None:
            self._compiled = _Compiled(self._statement, connection.dialect)
        raw = await connection.get_raw_connection()
        sql, bound = self._compiled.bind(values)
        rows = await run_in_one_call(raw.driver_connection, sql, bound)
        return [*map(self._compiled.decode, rows)]


async def run_in_one_call(
    driver: Any,  # noqa: ANN401 - a connection of aiosqlite, as SQLAlchemy hands it out
    sql: str,
    values: Sequence[object] = (),
) -> Iterable[tuple[Any, ...]]:
    """Run a statement; its rows. Raises errors of SQLite as SQLAlchemy's."""
    try:
        found: Iterable[tuple[Any, ...]] = await driver.execute_fetchall(sql, values)
    except sqlite3.OperationalError as error:
        raise OperationalError(sql, None, error) from error
    except sqlite3.DatabaseError as error:
        raise DatabaseError(sql, None, error) from error
    return found


class _Compiled:
    """A statement compiled for SQLite, and what converts its values."""

    def __init__(
        self, statement: Select[Any] | Insert | Update, dialect: Dialect
    ) -> None:
        self._compiled = statement.compile(dialect=dialect)
        self._encoders = {
            name: encode
            for name, bound in self._compiled.binds.items()
            if (encode := _encoder(bound, dialect))
        }
        columns = [*statement.exported_columns]
        self._row: Any = namedtuple(  # type: ignore[misc]  # noqa: PYI024 - the fields are the columns
            "Row", [one.name for one in columns]
        )
        self._decoders = [
            (at, decode)
            for at, one in enumerate(columns)
            if (
                decode := one.type.dialect_impl(dialect).result_processor(dialect, None)
            )
        ]
        self._constants = {
            name: encode(self._compiled.binds[name].effective_value)
            for name, encode in self._encoders.items()
            if not self._compiled.binds[name].required
        }

    def bind(self, values: Mapping[str, object]) -> tuple[str, Sequence[Any]]:
        """The text, and its parameters in their order."""
        encoders = self._encoders
        encoded = {
            name: encoders[name](value) if name in encoders else value
            for name, value in values.items()
        }
        state = self._compiled.construct_expanded_state(self._constants | encoded)
        return state.statement, state.positional_parameters

    def decode(self, row: Iterable[Any]) -> Any:  # noqa: ANN401 - a named tuple
        """The row with Python's values."""
        decoded = [*row]
        for at, decode in self._decoders:
            decoded[at] = decode(decoded[at])
        return self._row._make(decoded)


def _encoder(
    bound: BindParameter[Any], dialect: Dialect
) -> Callable[[Any], object] | None:
    """What converts a parameter to what the database stores; None if nothing has to."""
    encode = bound.type.dialect_impl(dialect).bind_processor(dialect)
    if encode is None or not bound.expanding:
        return encode
    return lambda values: [*map(encode, values)]
