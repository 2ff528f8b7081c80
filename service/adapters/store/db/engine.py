"""Engines on a database: how their connections and transactions begin and end."""

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.adapters.store.db.dialects.postgres_engine import create_postgres_engine
from service.adapters.store.db.file_watch import WAL_LIMIT, FileWatch
from service.adapters.store.db.prepared import run_in_one_call

_PRAGMAS = ("PRAGMA busy_timeout = 30000",)
_WRITER_PRAGMAS = (
    "PRAGMA cache_size = -4096",  # KiB: more is no faster, and stays in memory
    "PRAGMA page_size = 8192",  # of a new file: rows are long, each page is a call
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a claim must survive a power cut: a POST follows it
    "PRAGMA wal_autocheckpoint = 1000",  # pages, 8 MB: half of what the WAL may be
    f"PRAGMA journal_size_limit = {WAL_LIMIT}",
)


class _RollbackOnClose(sqlite3.Connection):
    """Ends its transaction when it is closed, even with rows left to read.

    SQLite keeps a closed connection, and its locks, until every statement of it is
    finalized: https://www.sqlite.org/c3ref/close.html. A cancelled task may still refer
    to one.
    """

    def close(self) -> None:
        """Roll back what was not committed, and close."""
        self.rollback()
        super().close()


def create_engine(
    url: URL, watch: FileWatch | None, *, writes: bool, foreign_keys: bool = True
) -> AsyncEngine:
    """An engine whose transactions may write, or may not.

    Its connections are reported to the `watch`; None for a database without files.
    """
    if url.get_backend_name() == "postgresql":
        return create_postgres_engine(url, writes=writes)
    if watch is None:
        return create_async_engine(url, hide_parameters=True)
    engine = create_async_engine(
        url, hide_parameters=True, connect_args={"factory": _RollbackOnClose}
    )
    _set_up_sqlite(engine, writes=writes, foreign_keys=foreign_keys)
    _watch_connections(engine, watch)
    return engine


def _set_up_sqlite(engine: AsyncEngine, *, writes: bool, foreign_keys: bool) -> None:
    """Set pragmas, and begin transactions: the driver's own way loses updates."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - DBAPI
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _WRITER_PRAGMAS if writes else ("PRAGMA query_only = ON",):
            cursor.execute(pragma)
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        adapted: Any = connection.connection.dbapi_connection
        adapted.run_async(lambda driver: run_in_one_call(driver, begin))


def _watch_connections(engine: AsyncEngine, watch: FileWatch) -> None:
    """Tell the watch which connections have the files open; after the pragmas."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - DBAPI
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM sqlite_schema LIMIT 1")  # this opens the WAL
        cursor.fetchall()
        cursor.close()
        watch.note_opened(connection)

    @event.listens_for(engine.sync_engine, "close")
    def _close(connection: object, _record: object) -> None:
        watch.note_closing(connection)
