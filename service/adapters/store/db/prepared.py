"""Statements that run all the time: compiled once, and one call of the driver each.

`AsyncConnection.execute` makes four calls (cursor, execute, fetchall, close), and for
each of them the event loop and aiosqlite's thread wake one another. That takes ten
times as much processor time as one call.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Delete, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection


class Prepared:
    """A statement whose parameters are given when it runs, each of them one value."""

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
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
        rows = await run_in_one_call(
            raw.driver_connection, self._compiled.sql, self._compiled.bind(values)
        )
        return [*map(self._compiled.decode, rows)]


async def run_in_one_call(
    driver: Any,  # noqa: ANN401 - a connection of aiosqlite, as SQLAlchemy hands it out
    sql: str,
    values: Sequence[object] = (),
) -> Iterable[tuple[Any, ...]]:
    """Run a statement; its rows. Raises errors of SQLite as SQLAlchemy's."""
    try:
        found: Iterable[tuple[Any, ...]] = await driver.execute_fetchall(sql, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, None, error, sqlite3.Error) from error
    return found


class _Compiled:
    """A statement compiled for SQLite, and what converts its values."""

    def __init__(
        self, statement: Select[Any] | Insert | Update | Delete, dialect: Dialect
    ) -> None:
        compiled = statement.compile(dialect=dialect)
        self._encoders = {
            name: encode
            for name, bound in compiled.binds.items()
            if (encode := bound.type.dialect_impl(dialect).bind_processor(dialect))
        }
        constants = {
            name: None if bound.required else self._encode_constant(name, bound)
            for name, bound in compiled.binds.items()
        }
        state = compiled.construct_expanded_state(constants)
        self.sql, self._names = state.statement, state.positiontup or ()
        self._constants = {
            name: value
            for name, value in state.parameters.items()
            if not (name in compiled.binds and compiled.binds[name].required)
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

    def bind(self, values: Mapping[str, object]) -> list[object]:
        """The parameters in their order; KeyError for one that is not given."""
        encoded = {name: self._encode(name, value) for name, value in values.items()}
        known = {**self._constants, **encoded}
        return [known[name] for name in self._names]

    def _encode_constant(self, name: str, bound: BindParameter[Any]) -> object:
        if bound.expanding:
            return [self._encode(name, one) for one in bound.effective_value or ()]
        return self._encode(name, bound.effective_value)

    def _encode(self, name: str, value: object) -> object:
        encode = self._encoders.get(name)
        return encode(value) if encode else value

    def decode(self, row: Iterable[Any]) -> Any:  # noqa: ANN401 - a named tuple
        """The row with Python's values."""
        decoded = [*row]
        for at, decode in self._decoders:
            decoded[at] = decode(decoded[at])
        return self._row._make(decoded)
