"""Engines that spare a test process what a service pays once, or does not feel."""

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import aiosqlite
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine.interfaces import DBAPIConnection


class CachingDialect(SQLiteDialect_aiosqlite):
    """The dialect of SQLite, equal to every other instance of it.

    A service opens one database and compiles each statement once. Nearly every test
    opens a database of its own, and would compile all of them again.

    Where `few_hops` is on, connections are `FewHopsConnection`s.
    """

    supports_statement_cache = True
    compiled: ClassVar[dict[Any, Any]] = {}
    few_hops: ClassVar[bool] = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CachingDialect)

    def __hash__(self) -> int:
        return hash(CachingDialect)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Look statements up in the cache of all engines, not in one of its own."""
        engine.update_execution_options(compiled_cache=cls.compiled)

    def connect(self, *args: Any, **kwargs: Any) -> DBAPIConnection:  # noqa: ANN401 - sqlite3's
        """Open a connection of the kind that is asked for."""
        if self.few_hops:
            kwargs["async_creator_fn"] = FewHopsConnection
        return super().connect(*args, **kwargs)


class FewHopsConnection(aiosqlite.Connection):
    """A connection of aiosqlite that asks its thread only for what may have to wait.

    A hop to the thread and back costs more than most statements, and a SELECT takes
    four. A transaction that is to write still begins in the thread, since it may wait
    for another writer, so writers meet as they do in a service. What follows in a
    transaction waits for nobody: it is done at once, and then other tasks have a turn.
    """

    def __init__(self, database: str, **how: Any) -> None:  # noqa: ANN401 - sqlite3's
        self._raw: sqlite3.Connection

        def connect() -> sqlite3.Connection:
            self._raw = sqlite3.connect(database, **how | {"check_same_thread": False})
            return self._raw

        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy says of those that it opens

    def cursor(self) -> "_Cursor":  # type: ignore[override] # as much of it as is used
        """Open a cursor."""
        return _Cursor(self, self._raw.cursor())

    async def commit(self) -> None:
        """Commit, and let other tasks have their turn."""
        self._raw.commit()
        await asyncio.sleep(0)


class _Cursor(aiosqlite.Cursor):
    def __init__(self, connection: FewHopsConnection, raw: sqlite3.Cursor) -> None:
        super().__init__(connection, raw)
        self._connected, self._raw = connection, raw

    async def execute(
        self, sql: str, parameters: Iterable[Any] | Mapping[str, Any] | None = None
    ) -> Self:
        if sql != "BEGIN" and not self._connected.in_transaction:
            await super().execute(sql, parameters)
            return self
        self._raw.execute(sql, parameters or ())  # type: ignore[arg-type] # a sequence
        await asyncio.sleep(0)
        return self

    async def fetchall(self) -> list[Any]:
        return self._raw.fetchall()

    async def close(self) -> None:
        self._raw.close()
