"""Engines that share what is compiled, and whose commits do not wait for the disk."""

from typing import Any, ClassVar

from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.pool import ConnectionPoolEntry


class CachingDialect(SQLiteDialect_aiosqlite):
    """The dialect of SQLite, equal to every other instance of it.

    A service opens one database and compiles each statement once. Nearly every test
    opens a database of its own, and would compile all of them again.

    What is committed survives a killed process, but no power cut, which no test makes;
    with `waits_for_disk` it does, as in the service.
    """

    supports_statement_cache = True
    waits_for_disk: ClassVar[bool] = False
    compiled: ClassVar[dict[Any, Any]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CachingDialect)

    def __hash__(self) -> int:
        return hash(CachingDialect)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Look statements up in the cache of all engines, not in one of its own."""
        engine.update_execution_options(compiled_cache=cls.compiled)
        if not cls.waits_for_disk:
            event.listen(engine, "checkout", _let_commits_not_wait)


def _let_commits_not_wait(
    connection: AsyncAdapt_aiosqlite_connection,
    record: ConnectionPoolEntry,
    _proxy: object,
) -> None:
    """Set it when all else of a new connection is set."""
    if "waits" not in record.info:
        record.info["waits"] = False
        connection.run_async(lambda it: it.execute_fetchall("PRAGMA synchronous = OFF"))
