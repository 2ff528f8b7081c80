"""SQLite statements in one hop to the connection's thread and back, or many in one.

aiosqlite hops four times for a SELECT: to make a cursor, to run it, to fetch, to close.
Each hop wakes a thread and the loop again, which costs more than most statements, and
waits for whatever else the loop has to do.
"""

import sqlite3
from collections.abc import Coroutine, Iterable, Sequence
from functools import partial
from threading import current_thread
from typing import Any, Final, Self, TypeVar

import aiosqlite

_AT_ONCE: Final = 1000
"""Rows that come with the statement itself; of more the cursor stays open."""

Row = tuple[Any, ...]

T = TypeVar("T")


class _Ending(sqlite3.Connection):
    """Lets go of its locks when it is closed, whatever was not read to its end.

    SQLite keeps a closed connection, and what it has locked, for as long as there is a
    statement of it: https://www.sqlite.org/c3ref/close.html
    """

    def close(self) -> None:
        """Roll back what was not committed, and close."""
        self.rollback()
        super().close()


class OneHop(aiosqlite.Connection):
    """A connection whose cursors bring their rows with them."""

    def cursor(self) -> "Cursor":  # type: ignore[override] # it is entered all the same
        """Make a cursor; nothing happens before it runs a statement."""
        return Cursor(self)

    async def drive(self, work: Coroutine[Any, Any, T]) -> T:
        """Run what waits for nothing but this connection, all of it in one hop."""
        result: T = await self._execute(_driven, work)
        return result

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - aiosqlite's
        """Hop to the thread, unless this is the thread."""
        if current_thread() is self._thread:
            return fn(*args, **kwargs)
        hop: Any = super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return await hop


def _driven(work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("it waits for something else than its connection")


class Cursor:
    """What SQLAlchemy asks of an aiosqlite cursor."""

    def __init__(self, connection: OneHop) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        self._rows: list[Row] = []
        self.description: Any = None
        self.rowcount, self.arraysize = -1, 1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Run a statement and take its first rows."""
        await self._hop(self._run, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Run a statement for each of some parameters."""
        await self._hop(self._run_many, sql, parameters)
        return self

    async def fetchone(self) -> Row | None:
        """The next row."""
        found = await self.fetchmany(1)
        return found[0] if found else None

    async def fetchmany(self, size: int | None = None) -> Sequence[Row]:
        """The next rows."""
        wanted = size or self.arraysize
        if len(self._rows) < wanted and self._open is not None:
            await self._hop(self._more)
        found, self._rows = self._rows[:wanted], self._rows[wanted:]
        return found

    async def fetchall(self) -> Sequence[Row]:
        """Every row that is left."""
        if self._open is not None:
            await self._hop(self._rest)
        found, self._rows = self._rows, []
        return found

    async def close(self) -> None:
        """Let go of what was not fetched."""
        self._rows = []
        if self._open is not None:
            await self._hop(self._end)

    async def _hop(self, act: Any, *args: object) -> None:  # noqa: ANN401 - any function
        hop: Any = self._connection._execute  # noqa: SLF001 - no public way to it
        await hop(act, *args)

    def _run(self, sql: str, parameters: Any) -> None:  # noqa: ANN401 - the driver's
        self._began(self._connection._conn.execute(sql, parameters))  # noqa: SLF001

    def _run_many(self, sql: str, parameters: Any) -> None:  # noqa: ANN401 - the driver's
        self._began(self._connection._conn.executemany(sql, parameters))  # noqa: SLF001

    def _began(self, cursor: sqlite3.Cursor) -> None:
        self._open, self._rows = cursor, []
        self.description, self.lastrowid = cursor.description, cursor.lastrowid
        if cursor.description is None:
            self.rowcount = cursor.rowcount
            self._end()
        else:
            self._more()
            self.rowcount = cursor.rowcount

    def _more(self) -> None:
        assert self._open is not None  # noqa: S101 - asked before
        fresh = self._open.fetchmany(_AT_ONCE)
        self._rows += fresh
        if len(fresh) < _AT_ONCE:
            self.rowcount = self._open.rowcount
            self._end()

    def _rest(self) -> None:
        assert self._open is not None  # noqa: S101 - asked before
        self._rows += self._open.fetchall()
        self.rowcount = self._open.rowcount
        self._end()

    def _end(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


async def connect(file: str) -> OneHop:
    """Open a database file; its thread ends with the process at the latest."""
    opened = partial(sqlite3.connect, file, factory=_Ending)
    connection = OneHop(opened, iter_chunk_size=_AT_ONCE)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does for its own
    await connection
    return connection
