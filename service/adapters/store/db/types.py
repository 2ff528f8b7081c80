"""Column types that mean the same on every database."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, String, Text, Uuid
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.functions import max as max_
from sqlalchemy.types import TypeDecorator, TypeEngine

from service.domain.errors import SetUpError
from service.domain.masked_text import mask_text


class _SqliteInstant(DATETIME):
    """Text of one length in UTC, "2026-11-24 02:00:00.000000": it sorts by time."""

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:  # noqa: ARG002 - SQLAlchemy's contract
        """Python to database."""
        return _instant_to_text

    def result_processor(
        self,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's contract
        coltype: object,  # noqa: ARG002
    ) -> Callable[[Any], datetime | None]:
        """Database to Python."""
        return _text_to_instant


def _instant_to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _text_to_instant(value: str | None) -> datetime | None:
    """Raises `SetUpError` for a text that nobody but a person can have stored."""
    try:
        return None if value is None else datetime.fromisoformat(f"{value}+00:00")
    except ValueError:
        raise SetUpError(
            f"the database has {value!r} where an instant belongs; correct the row "
            "that was changed by hand"
        ) from None


class _PostgresInstant(DateTime):
    """An instant as PostgreSQL stores it, in UTC whatever the zone of the session."""

    render_bind_cast = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def adapt(self, cls: object, **kw: object) -> Any:  # noqa: ANN401, ARG002 - SQLAlchemy's contract
        """Stay of this type: the driver's own has no `result_processor`."""
        return _PostgresInstant()

    def result_processor(
        self,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's contract
        coltype: object,  # noqa: ARG002
    ) -> Callable[[Any], datetime | None]:
        """Database to Python."""
        return _to_utc


def _to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """An aware instant; SQLite, which has no time zones, stores it in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the column on this database."""
        if dialect.name != "sqlite":
            return _PostgresInstant()
        return _SqliteInstant()  # type: ignore[no-untyped-call] # SQLAlchemy's own


class Id(Uuid[str]):
    """Our own ids as text, "0192…-…"; SQLite stores their 32 hex digits."""

    def __init__(self) -> None:
        super().__init__(as_uuid=False)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], str | None] | None:
        """Database to Python, by cutting text: making a `uuid.UUID` costs more."""
        if dialect.name == "sqlite":
            return _with_dashes
        parent: Any = super()
        return parent.result_processor(dialect, coltype)  # type: ignore[no-any-return] # untyped


@compiles(max_, "postgresql")
def _max_postgres(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    """PostgreSQL has no max(uuid); ids sort as their texts do."""
    if not isinstance(element.type, Uuid):
        plain: str = compiler.visit_function(element, **kw)
        return plain
    return f"CAST(max(CAST({compiler.process(element.clauses, **kw)} AS TEXT)) AS UUID)"


def _with_dashes(value: str | None) -> str | None:
    if value is None:
        return None
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


class FreeText(TypeDecorator[str]):
    """What a person or a provider wrote: phones in it are masked before it is stored.

    Without a length it is a text of any length.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the column on this database."""
        length = self.impl_instance.length  # type: ignore[attr-defined] # of String
        return dialect.type_descriptor(String(length) if length else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's contract
        """Python to database."""
        return None if value is None else mask_text(value)


class FreeJson(TypeDecorator[Mapping[str, object]]):
    """JSON with such texts in it, at any depth."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - SQLAlchemy's contract
        """Python to database."""
        return _mask_json(value)


def _mask_json(value: object) -> object:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {name: _mask_json(one) for name, one in value.items()}
    return [*map(_mask_json, value)] if isinstance(value, list | tuple) else value


class database_now(FunctionElement[datetime]):  # noqa: N801 - reads as SQL does
    """The database's own clock, for leases and back-off: no simulated time moves it."""

    type = Instant()
    inherit_cache = True


@compiles(database_now)
def _now(*_: object, **__: object) -> str:
    return "statement_timestamp()"


@compiles(database_now, "sqlite")
def _sqlite_now(*_: object, **__: object) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


class database_now_plus(FunctionElement[datetime]):  # noqa: N801 - reads as SQL does
    """The database's clock, a number of seconds from now."""

    type = Instant()
    inherit_cache = True


@compiles(database_now_plus)
def _later(element: database_now_plus, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    seconds = compiler.process(element.clauses, **kw)
    return f"statement_timestamp() + make_interval(secs => {seconds})"


@compiles(database_now_plus, "sqlite")
def _sqlite_later(element: database_now_plus, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    seconds = compiler.process(element.clauses, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', ({seconds}) || ' seconds')"
