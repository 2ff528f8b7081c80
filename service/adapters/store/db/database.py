"""A database opened: its transactions, and whether its tables are up to date."""

from asyncio import Lock
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path
from time import monotonic

from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.exc import TimeoutError as ConnectionWaitError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.dialects.addresses import async_url, shown_address
from service.adapters.store.db.dialects.postgres_commit import (
    CONFIRMED,
    begin_to_write,
)
from service.adapters.store.db.dialects.postgres_engine import BESIDE_OTHERS
from service.adapters.store.db.dialects.postgres_errors import postgres_error
from service.adapters.store.db.dialects.postgres_set_up import refuse_unusable
from service.adapters.store.db.engine import create_engine
from service.adapters.store.db.file_watch import FileWatch
from service.adapters.store.db.migrate import (
    current_migration,
    newest_migration,
    upgrade,
)
from service.adapters.store.db.storage_errors import storage_error
from service.domain.errors import DatabaseBusyError, SetUpError, StorageError


class Database:
    """Two engines on one database: a writer, and a reader that never waits for it."""

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        self.problem: StorageError | None = None
        """Why the last transaction that was to write failed; None if it did not."""
        self._watch = FileWatch(self.file) if self.file is not None else None
        self._writer = create_engine(self.url, self._watch, writes=True)
        self._write_lock = Lock()  # SQLite has one writer, and would make others poll
        self._last_busy: tuple[float, DatabaseBusyError | None] = (0.0, None)
        self._reader = create_engine(self.url, self._watch, writes=False)

    @asynccontextmanager
    async def write(
        self, *, confirmed: bool = False, beside_others: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may write; an error rolls it back.

        It is alone, in all processes; on PostgreSQL several `beside_others` may run at
        the same time, and each has to lock the rows that it decides on. `confirmed`:
        what it stores must survive a failover, so its commit waits for a synchronous
        standby, where the server names one, and raises `UnconfirmedCommitError` if none
        answers: it is stored all the same.

        Raises `StorageError` while nothing can be stored. Raises
        `DatabaseReplacedError` if the files are no longer those that were opened, also
        just after the commit: whoever gets no error may act on what was stored.
        """
        try:
            with self._typed_errors(writes=True):
                async with self._turn_to_write():
                    self.check_files()
                    chosen = {CONFIRMED: confirmed, BESIDE_OTHERS: beside_others}
                    async with self._begin(chosen) as connection:
                        self._check_files_for_writing()
                        yield connection
                    self.check_files()
        except DatabaseBusyError as error:
            self._last_busy = (monotonic(), error)
            raise  # no problem to look after: /readyz would wait as long for it
        except StorageError as error:
            self.problem = error
            raise
        self.problem = None

    def _begin(
        self, chosen: dict[str, bool]
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        if not self.is_postgres:
            return self._writer.begin()
        writer = self._writer.execution_options(**chosen)
        return begin_to_write(writer, self.shown_url, confirmed=chosen[CONFIRMED])

    @asynccontextmanager
    async def _turn_to_write(self) -> AsyncIterator[None]:
        """Wait for the other writers of this process.

        Raises `DatabaseBusyError` if one of them has found the database busy meanwhile:
        otherwise each of a hundred requests would wait as long, one after the other.
        """
        asked_at = monotonic()
        async with self._write_lock:
            busy_at, error = self._last_busy
            if error is not None and busy_at > asked_at:
                raise DatabaseBusyError(str(error))
            yield

    @asynccontextmanager
    async def dry_run(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may write, and is always rolled back."""
        with self._typed_errors(writes=True):
            async with (
                self._turn_to_write(),
                self._writer.connect() as connection,
                connection.begin() as transaction,
            ):
                try:
                    yield connection
                finally:
                    await transaction.rollback()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a consistent view that cannot write. Raises `StorageError`."""
        with self._typed_errors(writes=False):
            self.check_files()
            async with self._reader.begin() as connection:
                yield connection

    def check_files(self) -> None:
        """Raise `DatabaseReplacedError` unless the files are those that were opened."""
        if self._watch is not None:
            self._watch.check()

    def report_replaced(self, what: str) -> None:
        """Raise `DatabaseReplacedError` from now on: the content is not ours."""
        if self._watch is not None:
            self._watch.report_replaced(what)

    def _check_files_for_writing(self) -> None:
        if self._watch is not None:
            self._watch.check_for_writing()

    @contextmanager
    def _typed_errors(self, *, writes: bool) -> Iterator[None]:
        """Raise errors of the disk as `StorageError`, all others as they are."""
        try:
            yield
        except ConnectionWaitError as error:
            reason = "more transactions are open at a time than there are connections"
            shown = self.file or self.shown_url
            raise DatabaseBusyError(f"{shown}: {reason}; try again") from error
        except DBAPIError as error:
            typed = self._storage_error(error, writes=writes)
            if typed is None:
                raise
            raise typed from error

    def _storage_error(self, error: DBAPIError, *, writes: bool) -> StorageError | None:
        if self.is_postgres:
            return postgres_error(self.shown_url, error)
        return storage_error(self.file or self.shown_url, error, writes=writes)

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
                if self.is_postgres:
                    await connection.run_sync(refuse_unusable, self.shown_url)
                await connection.run_sync(upgrade, self.shown_url)
        except OSError as error:
            raise SetUpError(f"{self.shown_url}: {error.strerror}") from error
        except DatabaseError as error:
            raise self._set_up_error(error) from error

    def _set_up_error(self, error: DatabaseError) -> SetUpError:
        """What keeps the tables from being looked at, in one line."""
        typed = postgres_error(self.shown_url, error) if self.is_postgres else None
        return typed or SetUpError(f"{self.shown_url}: {error.orig}")

    @asynccontextmanager
    async def _without_foreign_keys(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may rebuild tables; checks foreign keys at its end.

        SQLite changes most things of a table only by rebuilding it, which foreign keys
        would forbid: https://www.sqlite.org/lang_altertable.html#otheralter
        """
        engine = create_engine(self.url, self._watch, writes=True, foreign_keys=False)
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
                if self.is_postgres:
                    await connection.run_sync(refuse_unusable, self.shown_url)
                return await connection.run_sync(current_migration)
        except DatabaseError as error:
            raise self._set_up_error(error) from error

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
    def is_postgres(self) -> bool:
        """Whether a PostgreSQL server has the database."""
        return self.url.get_backend_name() == "postgresql"

    @property
    def shown_url(self) -> str:
        """The URL without its passwords, for messages to people."""
        return shown_address(self.url)
