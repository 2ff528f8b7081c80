"""JSON in statements: the functions of SQLite and of PostgreSQL for the same thing.

https://www.sqlite.org/json1.html, https://www.postgresql.org/docs/current/functions-json.html
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import Date, Dialect, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement, GenericFunction
from sqlalchemy.types import TypeEngine

from service.adapters.store.db.types import Instant


def dump_json(values: object) -> str:
    """JSON of values that are encoded for a database."""
    return orjson.dumps(values, default=_wrapped_value).decode()


def _wrapped_value(value: object) -> object:
    """What a wrapper of psycopg holds; bytes as PostgreSQL reads them from a text."""
    inner = getattr(value, "obj", value)
    return f"\\x{inner.hex()}" if isinstance(inner, bytes) else inner


def json_decoder(
    kind: TypeEngine[Any], dialect: Dialect
) -> Callable[[Any], object] | None:
    """How to decode what a database made JSON of; None if it is decoded already.

    SQLite leaves values as it stores them; PostgreSQL knows their types.
    """
    if dialect.name == "sqlite":
        return kind.dialect_impl(dialect).result_processor(dialect, None)
    if isinstance(kind, Instant):
        return _decode_instant
    return _decode_date if isinstance(kind, Date) else None


def _decode_date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _decode_instant(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


class json_each(FunctionElement[Any]):  # noqa: N801 - reads as SQL does
    """The elements of a JSON array, as rows with a `value`."""

    inherit_cache = True


@compiles(json_each)
def _json_each_default(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    return (
        f"json_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSON))"
    )


@compiles(json_each, "sqlite")
def _json_each_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    return f"json_each({compiler.process(element.clauses, **kw)})"


class json_item(GenericFunction[Any]):  # noqa: N801 - reads as SQL does
    """One element of an array: the array, the element's path, and its number."""

    inherit_cache = True
    _register = False


@compiles(json_item)
def _json_item_default(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    array, _, number = element.clauses
    item = f"{compiler.process(array, **kw)} ->> {compiler.process(number, **kw)}"
    return f"CAST({item} AS {_sql_type(element.type, compiler)})"


@compiles(json_item, "sqlite")
def _json_item_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    array, path, _ = element.clauses
    return (
        f"json_extract({compiler.process(array, **kw)}, {compiler.process(path, **kw)})"
    )


class json_scalar(GenericFunction[Any]):  # noqa: N801 - reads as SQL does
    """A JSON value that is no array or object, as a value of the database."""

    inherit_cache = True
    _register = False


@compiles(json_scalar)
def _json_scalar_default(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    value = compiler.process(element.clauses, **kw)
    return f"CAST({value} #>> '{{}}' AS {_sql_type(element.type, compiler)})"


@compiles(json_scalar, "sqlite")
def _json_scalar_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    text: str = compiler.process(element.clauses, **kw)
    return text


def _sql_type(kind: TypeEngine[Any], compiler: Any) -> str:  # noqa: ANN401 - hook
    """The type to cast to; a text of any length, since a cast would cut it off."""
    used = kind.dialect_impl(compiler.dialect)
    wanted = Text() if isinstance(used, String) else used
    sql: str = compiler.dialect.type_compiler_instance.process(wanted)
    return sql


class rows_as_json(FunctionElement[str]):  # noqa: N801 - reads as SQL does
    """All rows as the text of one JSON array, each row an array of these columns."""

    type = Text()
    inherit_cache = True


@compiles(rows_as_json)
def _rows_as_json_default(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    columns = compiler.process(element.clauses, **kw)
    return f"coalesce(json_agg(json_build_array({columns}))::text, '[]')"


@compiles(rows_as_json, "sqlite")
def _rows_as_json_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    columns = compiler.process(element.clauses, **kw)
    return f"json_group_array(json_array({columns}))"


class hex_digits(FunctionElement[str]):  # noqa: N801 - reads as SQL does
    """Bytes as hex digits."""

    type = Text()
    inherit_cache = True


@compiles(hex_digits)
def _hex_digits_default(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    return f"encode({compiler.process(element.clauses, **kw)}, 'hex')"


@compiles(hex_digits, "sqlite")
def _hex_digits_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    return f"hex({compiler.process(element.clauses, **kw)})"
