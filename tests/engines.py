"""Engines for tests: a statement is compiled once for all databases of a process."""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

import aiosqlite
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)


class CachingDialect(SQLiteDialect_aiosqlite):
    """The dialect of SQLite, equal to every other instance of it.

    A service opens one database and compiles each statement once. Nearly every test
    opens a database of its own, and would compile all of them again.

    Where `threads` is off, statements run in the test's own thread: a hop to a thread
    of aiosqlite and back, four for a SELECT, costs more than most statements.
    """

    supports_statement_cache = True
    compiled: ClassVar[dict[Any, Any]] = {}
    threads: ClassVar[bool] = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CachingDialect)

    def __hash__(self) -> int:
        return hash(CachingDialect)

    @classmethod
    def import_dbapi(cls) -> AsyncAdapt_aiosqlite_dbapi:
        """Open connections with or without a thread."""
        return _Driver(aiosqlite, sqlite3)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Look statements up in the cache of all engines, not in one of its own."""
        engine.update_execution_options(compiled_cache=cls.compiled)


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:  # noqa: ANN401 - sqlite3's
        if CachingDialect.threads:
            return super().connect(*arg, **kw)
        return _Adapted(self, _Connection(sqlite3.connect(*arg, **kw)))  # type: ignore[arg-type] # as much of it as is used


class _Adapted(AsyncAdapt_aiosqlite_connection):
    """SQLAlchemy's side of a connection without a thread."""

    __slots__ = ()
    _connection: Any

    @property
    def isolation_level(self) -> str | None:
        return self._connection.raw.isolation_level  # type: ignore[no-any-return]

    @isolation_level.setter
    def isolation_level(self, value: str | None) -> None:
        self._connection.raw.isolation_level = value

    def rollback(self) -> None:
        self._connection.raw.rollback()

    def commit(self) -> None:
        self._connection.raw.commit()


class _Connection:
    """What SQLAlchemy asks of a connection of aiosqlite."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def cursor(self) -> "_Cursor":
        return _Cursor(self.raw.cursor())

    async def create_function(self, *arg: Any, **kw: Any) -> None:  # noqa: ANN401 - sqlite3's
        self.raw.create_function(*arg, **kw)

    async def close(self) -> None:
        self.raw.close()

    def stop(self) -> None:
        self.raw.close()


class _Cursor:
    """What SQLAlchemy asks of a cursor of aiosqlite; other tasks get their turn."""

    def __init__(self, raw: sqlite3.Cursor) -> None:
        self.raw = raw

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - description, rowcount …
        return getattr(self.raw, name)

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        await asyncio.sleep(0)
        self.raw.execute(sql, parameters)  # type: ignore[arg-type] # a sequence or a mapping
        return self

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> Self:
        await asyncio.sleep(0)
        self.raw.executemany(sql, parameters)
        return self

    async def fetchone(self) -> Any:  # noqa: ANN401 - a row
        return self.raw.fetchone()

    async def fetchmany(self, size: int = 1) -> Sequence[Any]:
        return self.raw.fetchmany(size)

    async def fetchall(self) -> Sequence[Any]:
        return self.raw.fetchall()

    async def close(self) -> None:
        self.raw.close()
