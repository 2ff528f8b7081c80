"""Many rows as one parameter of one statement, or as its one answer.

A statement run row by row, or read so, hands the interpreter's lock back and forth
between the threads for each of them; one that unpacks or packs JSON does so once.
"""

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
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
from sqlalchemy.types import TypeEngine

T = TypeVar("T")


class JsonRows:
    """A table of these columns whose rows come when a statement is run."""

    def __init__(self, columns: Mapping[str, TypeEngine[object]]) -> None:
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
        """The rows, to select from or to join with."""
        return self._table

    @property
    def column_names(self) -> list[str]:
        """The columns in their order."""
        return list(self._columns)

    def __getitem__(self, name: str) -> ColumnElement[object]:
        return self._table.c[name]

    def bind(
        self, dialect: Dialect, rows: Iterable[Sequence[object]]
    ) -> dict[str, str]:
        """The parameter that holds these rows, each in the order of the columns."""
        kinds = self._columns.values()
        columns = [*zip(*rows, strict=True)] or [()] * len(kinds)
        written = (
            _encode_column(kind, values, dialect)
            for kind, values in zip(kinds, columns, strict=True)
        )
        return {"rows": orjson.dumps([*zip(*written, strict=True)]).decode()}


class JsonValues:
    """Values of a column's type as one parameter, for an IN that is compiled once."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self._type, self._name = column.type, name
        each = func.json_each(bindparam(name, type_=Text())).table_valued("value")
        self._values = select(type_coerce(each.c.value, column.type))

    @property
    def values(self) -> Select[Any]:
        """The values, to stand in an IN."""
        return self._values

    def bind(self, dialect: Dialect, values: Iterable[object]) -> dict[str, str]:
        """The parameter that holds these values."""
        written = _encode_column(self._type, values, dialect)
        return {self._name: orjson.dumps(written).decode()}


class Gathered:
    """A query whose rows come all together, in no order that can be relied on."""

    def __init__(self, query: Select[Any]) -> None:
        rows = query.subquery()
        self._kinds = [one.type for one in rows.c]
        self._row: Any = namedtuple("Row", [one.name for one in rows.c])  # type: ignore[misc]  # noqa: PYI024 - it names what the query does
        each = func.json_array(*map(_as_json_value, rows.c))
        self._query = select(func.json_group_array(each))

    async def of(
        self, connection: AsyncConnection, values: Mapping[str, object]
    ) -> list[Any]:
        """The rows, each with its columns by name, as they are with these values."""
        text = (await connection.execute(self._query, values)).scalar_one()
        columns = zip(*orjson.loads(text), strict=True)
        read = [
            _decode_column(kind, column, connection.dialect)
            for kind, column in zip(self._kinds, columns, strict=False)
        ]
        return [*map(self._row._make, zip(*read, strict=True))]


def _as_json_value(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value as JSON can hold it."""
    if isinstance(column.type, LargeBinary):
        return case((column.is_not(None), func.hex(column)))
    return column


def _decode_column(
    kind: TypeEngine[Any], values: Sequence[Any], dialect: Dialect
) -> Sequence[object]:
    """The values of a column as Python has them; of those alike one is read."""
    if isinstance(kind, LargeBinary):
        return [None if one is None else bytes.fromhex(one) for one in values]
    read = kind.dialect_impl(dialect).result_processor(dialect, None)
    if read is None:
        return values
    known = {one: read(one) for one in set(values)}
    return [known[one] for one in values]


def _encode_column(
    kind: TypeEngine[Any], values: Iterable[object], dialect: Dialect
) -> list[object]:
    """The values of a column as the database keeps them."""
    write = kind.dialect_impl(dialect).bind_processor(dialect)
    if write is None:
        return [*values]
    return [None if one is None else write(one) for one in values]


def json_rows_like(table: FromClause, names: Iterable[str]) -> JsonRows:
    """A batch of some columns of a table."""
    return JsonRows({name: table.c[name].type for name in names})


def in_chunks(items: Sequence[T], size: int = 500) -> Iterable[Sequence[T]]:
    """Slices small enough for one statement's parameters."""
    return (items[at : at + size] for at in range(0, len(items), size))
