"""Engines that compile a statement once for all databases of a test process."""

from typing import Any, ClassVar

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite


class CachingDialect(SQLiteDialect_aiosqlite):
    """The dialect of SQLite, equal to every other instance of it.

    A service opens one database and compiles each statement once. Nearly every test
    opens a database of its own, and would compile all of them again.
    """

    supports_statement_cache = True
    compiled: ClassVar[dict[Any, Any]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CachingDialect)

    def __hash__(self) -> int:
        return hash(CachingDialect)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Look statements up in the cache of all engines, not in one of its own."""
        engine.update_execution_options(compiled_cache=cls.compiled)
