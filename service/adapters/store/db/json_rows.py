"""Many rows as one JSON parameter of a statement, or as its one JSON result.

A statement that runs or returns row by row passes the interpreter's lock between two
threads for each row. With SQLite's JSON functions it does so once.
"""

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    ColumnElement,
    Dialect,
    FromClause,
    LargeBinary,
    Select,
    Subquery,
    Text,
    bindparam,
    case,
    func,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from service.adapters.store.db.prepared import Prepared

T = TypeVar("T")


class JsonRows:
    """A table in a statement whose rows are a parameter, given when it runs."""

    def __init__(self, columns: Mapping[str, TypeEngine[Any]]) -> None:
        self._columns = dict(columns)
        each = func.json_each(bindparam("rows", type_=Text())).table_valued("value")
        self._table = select(
            *[
                type_coerce(func.json_extract(each.c.value, f"$[{at}]"), kind).label(
                    name
                )
                for at, (name, kind) in enumerate(self._columns.items())
            ]
        ).subquery("batch")

    @property
    def table(self) -> Subquery:
        """The rows, to select from or to join."""
        return self._table

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._columns)

    def __getitem__(self, name: str) -> ColumnElement[object]:
        return self._table.c[name]

    def bind(
        self, dialect: Dialect, rows: Iterable[Sequence[object]]
    ) -> dict[str, str]:
        """The parameter with these rows; their values are in the order of columns."""
        kinds = self._columns.values()
        columns = [*zip(*rows, strict=True)] or [()] * len(kinds)
        encoded = (
            encode_column(kind, values, dialect)
            for kind, values in zip(kinds, columns, strict=True)
        )
        return {"rows": orjson.dumps([*zip(*encoded, strict=True)]).decode()}


class JsonValues:
    """A list of values as one parameter, for an IN that is compiled only once."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self._type, self._name = column.type, name
        each = func.json_each(bindparam(name, type_=Text())).table_valued("value")
        self._values = select(type_coerce(each.c.value, column.type))

    @property
    def values(self) -> Select[Any]:
        """The values, to be put into an IN."""
        return self._values

    def bind(self, dialect: Dialect, values: Iterable[object]) -> dict[str, str]:
        """The parameter with these values."""
        encoded = encode_column(self._type, values, dialect)
        return {self._name: orjson.dumps(encoded).decode()}


class JsonQuery:
    """A query whose rows come as one JSON value, in no particular order."""

    def __init__(self, query: Select[Any]) -> None:
        rows = query.subquery()
        self._types = [column.type for column in rows.c]
        self._row: Any = namedtuple("Row", [column.name for column in rows.c])  # type: ignore[misc]  # noqa: PYI024 - the fields are the query's columns
        as_json = _rows_as_json(*map(_as_json_value, rows.c))
        self._query = Prepared(select(as_json.label("rows")))

    async def rows(
        self, connection: AsyncConnection, values: Mapping[str, object]
    ) -> list[Any]:
        """The rows for these parameters, as named tuples of the columns."""
        [(text,)] = await self._query.run(connection, values)
        columns = zip(*orjson.loads(text), strict=True)
        decoded = [
            _decode_column(kind, values, connection.dialect)
            for kind, values in zip(self._types, columns, strict=False)
        ]
        return [*map(self._row._make, zip(*decoded, strict=True))]


def _as_json_value(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as JSON can hold it: bytes as hex digits."""
    if isinstance(column.type, LargeBinary):
        return case((column.is_not(None), _hex_digits(column)))
    return column


class _rows_as_json(FunctionElement[str]):  # noqa: N801 - reads as SQL does
    """All rows as the text of one JSON array, each row an array of these columns."""

    type = Text()
    inherit_cache = True


@compiles(_rows_as_json)
def _rows_as_json_default(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    columns = compiler.process(element.clauses, **kw)
    return f"coalesce(json_agg(json_build_array({columns}))::text, '[]')"


@compiles(_rows_as_json, "sqlite")
def _rows_as_json_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    columns = compiler.process(element.clauses, **kw)
    return f"json_group_array(json_array({columns}))"


class _hex_digits(FunctionElement[str]):  # noqa: N801 - reads as SQL does
    """Bytes as hex digits."""

    type = Text()
    inherit_cache = True


@compiles(_hex_digits)
def _hex_digits_default(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    return f"encode({compiler.process(element.clauses, **kw)}, 'hex')"


@compiles(_hex_digits, "sqlite")
def _hex_digits_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - hook
    return f"hex({compiler.process(element.clauses, **kw)})"


def _decode_column(
    kind: TypeEngine[Any], values: Sequence[Any], dialect: Dialect
) -> Sequence[object]:
    """The Python values of a column; equal values are decoded once."""
    if isinstance(kind, LargeBinary):
        return [None if value is None else bytes.fromhex(value) for value in values]
    decode = kind.dialect_impl(dialect).result_processor(dialect, None)
    if decode is None:
        return values
    decoded = {value: decode(value) for value in set(values)}
    return [decoded[value] for value in values]


def encode_column(
    kind: TypeEngine[Any], values: Iterable[object], dialect: Dialect
) -> list[object]:
    """The values of a column as the database stores them; equal dates encoded once."""
    encode = kind.dialect_impl(dialect).bind_processor(dialect)
    if encode is None:
        return [*values]
    if kind.python_type in {date, datetime}:
        encode = cache(encode)
    return [None if value is None else encode(value) for value in values]


def json_rows_like(table: FromClause, names: Iterable[str]) -> JsonRows:
    """Rows with some columns of a table."""
    return JsonRows({name: table.c[name].type for name in names})


def in_chunks(items: Sequence[T], size: int = 500) -> Iterable[Sequence[T]]:
    """Slices small enough for the parameters of one statement."""
    return (items[at : at + size] for at in range(0, len(items), size))
