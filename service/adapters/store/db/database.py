"""A database opened: its transactions, and whether its tables are up to date."""

import sqlite3
from asyncio import Lock
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from service.adapters.store.db.migrate import (
    current_migration,
    newest_migration,
    upgrade,
)
from service.domain.errors import SetUpError

_PRAGMAS = ("PRAGMA busy_timeout = 30000",)
_WRITER_PRAGMAS = (
    "PRAGMA cache_size = -4096",  # KiB: more is no faster, and stays in memory
    "PRAGMA page_size = 8192",  # of a new file: rows are long, each page is a call
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a claim must survive a power cut: a POST follows it
    "PRAGMA wal_autocheckpoint = 8000",  # pages: many are written several times
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


class Database:
    """Two engines on one database: a writer, and a reader that never waits for it."""

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        self._writer = _engine(self.url, writes=True)
        self._write_lock = Lock()  # SQLite has one writer, and would make others poll
        self._reader = _engine(self.url, writes=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may write; an error rolls it back."""
        async with self._write_lock, self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def dry_run(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may write, and is always rolled back."""
        async with (
            self._write_lock,
            self._writer.connect() as connection,
            connection.begin() as transaction,
        ):
            try:
                yield connection
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a consistent view that cannot write."""
        async with self._reader.begin() as connection:
            yield connection

    async def dispose(self) -> None:
        """Close every connection: otherwise a process may not end."""
        await self._writer.dispose()
        await self._reader.dispose()

    async def upgrade(self) -> None:
        """Migrate the tables to the newest migration.

        Raises `SetUpError` for a file that is no database, or of a later release.
        """
        try:
            if self.file is not None:
                self.file.touch(mode=0o600)  # it holds names and texts of people
            async with self._without_foreign_keys() as connection:
                await connection.run_sync(upgrade, self.shown_url)
        except OSError as error:
            raise SetUpError(f"{self.shown_url}: {error.strerror}") from error
        except DatabaseError as error:
            raise SetUpError(f"{self.shown_url}: {error.orig}") from error

    @asynccontextmanager
    async def _without_foreign_keys(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may rebuild tables; checks foreign keys at its end.

        SQLite changes most things of a table only by rebuilding it, which foreign keys
        would forbid: https://www.sqlite.org/lang_altertable.html#otheralter
        """
        engine = _engine(self.url, writes=True, foreign_keys=False)
        try:
            async with engine.begin() as connection:
                yield connection
                if self.file is not None:
                    broken = await connection.exec_driver_sql(
                        "PRAGMA foreign_key_check"
                    )
                    assert not broken.all()  # noqa: S101 - a migration has a bug
        finally:
            await engine.dispose()

    async def current_migration(self) -> str | None:
        """The migration that the tables are at; None for an empty database."""
        try:
            async with self._reader.connect() as connection:
                return await connection.run_sync(current_migration)
        except DatabaseError as error:
            raise SetUpError(f"{self.shown_url}: {error.orig}") from error

    async def check(self) -> None:
        """Raise `SetUpError` unless the tables are at the newest migration."""
        if self.file is not None and not self.file.exists():
            raise SetUpError(
                f"{self.file}: no such database; run `permit-reminders db upgrade`"
            )
        found = await self.current_migration()
        if found is not None and found > newest_migration():
            raise SetUpError(
                f"{self.shown_url}: tables at {found}, from a later release than this "
                f"one, which knows {newest_migration()}; install that release again"
            )
        if found != newest_migration():
            raise SetUpError(
                f"{self.shown_url}: tables at {found or 'nothing'}, this release needs "
                f"{newest_migration()}; run `permit-reminders db upgrade`"
            )

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a database of another kind, or in memory."""
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            return Path(self.url.database)
        return None

    @property
    def shown_url(self) -> str:
        """The URL without its password, for messages to people."""
        plain = self.url.set(drivername=self.url.get_backend_name())
        return plain.render_as_string(hide_password=True)


def async_url(url: str) -> URL:
    """The URL with the driver that this service uses for its kind of database."""
    parsed = make_url(url)
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    name = driver.get(parsed.get_backend_name())
    if name is None:
        raise SetUpError(
            f"DATABASE_URL: found {parsed.get_backend_name()!r}, "
            "expected sqlite:///FILE or postgresql://…"
        )
    return parsed.set(drivername=name)


def _engine(url: URL, *, writes: bool, foreign_keys: bool = True) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, hide_parameters=True)
    engine = create_async_engine(
        url, hide_parameters=True, connect_args={"factory": _RollbackOnClose}
    )
    _set_up_sqlite(engine, writes=writes, foreign_keys=foreign_keys)
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

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
