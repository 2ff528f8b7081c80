"""Column types that mean the same on every database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC: SQLite knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Python to database: UTC, and naive where there is no time zone type."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's contract
    ) -> datetime | None:
        """Database to Python: always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


class database_now(FunctionElement[datetime]):  # noqa: N801 - reads as SQL does
    """The database's own clock: leases and back-off must not follow simulated time."""

    type = Instant()
    inherit_cache = True


@compiles(database_now)
def _now(*_: object, **__: object) -> str:
    return "clock_timestamp()"


@compiles(database_now, "sqlite")
def _sqlite_now(*_: object, **__: object) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


class in_seconds(FunctionElement[datetime]):  # noqa: N801 - reads as SQL does
    """The database's clock, so many seconds from now."""

    type = Instant()
    inherit_cache = True


@compiles(in_seconds)
def _later(element: in_seconds, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    seconds = compiler.process(element.clauses, **kw)
    return f"clock_timestamp() + make_interval(secs => {seconds})"


@compiles(in_seconds, "sqlite")
def _sqlite_later(element: in_seconds, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    seconds = compiler.process(element.clauses, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', ({seconds}) || ' seconds')"
