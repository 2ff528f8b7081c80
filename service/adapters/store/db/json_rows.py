"""Many rows as one JSON parameter of a statement, or as its one JSON result.

A statement that runs or returns row by row passes the interpreter's lock between two
threads for each row. With SQLite's JSON functions it does so once.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    ColumnElement,
    Date,
    Dialect,
    FromClause,
    LargeBinary,
    Select,
    Subquery,
    Text,
    bindparam,
    case,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from service.adapters.store.db.dialects.json_functions import (
    dump_json,
    hex_digits,
    json_decoder,
    json_each,
    json_item,
    json_scalar,
    rows_as_json,
)
from service.adapters.store.db.prepared import Prepared

T = TypeVar("T")


class JsonRows:
    """A table in a statement whose rows are a parameter, given when it runs."""

    def __init__(self, columns: Mapping[str, TypeEngine[Any]]) -> None:
        self._columns = dict(columns)
        each = json_each(bindparam("rows", type_=Text())).table_valued("value")
        self._table = select(
            *[
                json_item(
                    each.c.value, f"$[{at}]", literal_column(f"{at}"), type_=kind
                ).label(name)
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
        return {"rows": dump_json([*zip(*encoded, strict=True)])}


class JsonValues:
    """A list of values as one parameter, for an IN that is compiled only once."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self._type, self._name = column.type, name
        each = json_each(bindparam(name, type_=Text())).table_valued("value")
        self._values = select(json_scalar(each.c.value, type_=column.type))

    @property
    def values(self) -> Select[Any]:
        """The values, to be put into an IN."""
        return self._values

    def bind(self, dialect: Dialect, values: Iterable[object]) -> dict[str, str]:
        """The parameter with these values."""
        encoded = encode_column(self._type, values, dialect)
        return {self._name: dump_json(encoded)}


class JsonQuery:
    """A query whose rows come as one JSON value, in no particular order."""

    def __init__(self, query: Select[Any]) -> None:
        rows = query.subquery()
        self._types = [column.type for column in rows.c]
        self._row: Any = namedtuple("Row", [column.name for column in rows.c])  # type: ignore[misc]  # noqa: PYI024 - the fields are the query's columns
        as_json = rows_as_json(*map(_as_json_value, rows.c))
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


def json_texts(array: ColumnElement[Any]) -> Select[tuple[str]]:
    """The texts in an array of JSON, as rows, to be put into an IN."""
    each = json_each(array).table_valued("value")
    return select(json_scalar(each.c.value, type_=Text()))


def _as_json_value(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as JSON can hold it: bytes as hex digits."""
    if isinstance(column.type, LargeBinary):
        return case((column.is_not(None), hex_digits(column)))
    return column


def _decode_column(
    kind: TypeEngine[Any], values: Sequence[Any], dialect: Dialect
) -> Sequence[object]:
    """The Python values of a column; equal values are decoded once."""
    if isinstance(kind, LargeBinary):
        return [None if value is None else bytes.fromhex(value) for value in values]
    decode = json_decoder(kind, dialect)
    if decode is None:
        return values
    decoded = {value: decode(value) for value in set(values)}
    return [decoded[value] for value in values]


def encode_column(
    kind: TypeEngine[Any], values: Iterable[object], dialect: Dialect
) -> list[object]:
    """The values of a column as the database stores them; equal instants once."""
    encode = _encoder(kind, dialect)
    if encode is None:
        return [*values]
    if kind.python_type is datetime:
        encode = cache(encode)
    return [None if value is None else encode(value) for value in values]


def _encoder(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], object] | None:
    """How to encode a value; None if it is stored as it stands."""
    if dialect.name == "sqlite":  # SQLAlchemy's own ways do the same ten times slower
        if isinstance(kind, LargeBinary):
            return None
        if isinstance(kind, Date):
            return date.isoformat
    return kind.dialect_impl(dialect).bind_processor(dialect)


def json_rows_like(table: FromClause, names: Iterable[str]) -> JsonRows:
    """Rows with some columns of a table."""
    return JsonRows({name: table.c[name].type for name in names})


def in_chunks(items: Sequence[T], size: int = 500) -> Iterable[Sequence[T]]:
    """Slices small enough for the parameters of one statement."""
    return (items[at : at + size] for at in range(0, len(items), size))
