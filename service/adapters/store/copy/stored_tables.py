"""The tables as they are stored: nothing is masked, parsed or defaulted on the way."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    MetaData,
    Select,
    String,
    Table,
    Text,
    cast,
    literal,
    select,
    tuple_,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from service.adapters.store.db.schema import metadata
from service.adapters.store.db.types import FreeJson, FreeText

Row = Sequence[Any]

PAGE = 2000
"""Rows that are read at once, and stored in one transaction."""

_PAGE_OF_LARGE: Final = {"import_changes": 20}
"""The same where one row holds the changes of a whole transaction."""

_DIGEST_BYTES: Final = 16

COPY_FACT: Final = "copy"
"""Key of the fact, in the target alone, that says how far the copy is."""


class _JsonText(TypeDecorator[str]):
    """JSON by its text, which tells the JSON null from no value."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Select the text that is stored."""
        return cast(column, Text)


def _stored_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    if isinstance(kind, JSON | FreeJson):
        return _JsonText()
    return Text() if isinstance(kind, String | FreeText) else kind


class StoredTable:
    """A table whose rows are read in pages, in the order of their keys."""

    def __init__(self, table: Table) -> None:
        self.name = table.name
        columns = [
            Column(one.name, _stored_type(one.type), primary_key=one.primary_key)
            for one in table.columns
        ]
        self.table = Table(table.name, MetaData(), *columns)
        self.counted_key = table.autoincrement_column
        self._key = [*self.table.primary_key.columns]
        names = [*self.table.columns.keys()]
        self._key_at = [names.index(one.name) for one in self._key]
        self._most = _PAGE_OF_LARGE.get(table.name)

    def page(self, after: Sequence[object] | None) -> Select[Any]:
        """Select the rows that follow a key; without one, the first rows."""
        rows = select(self.table).order_by(*self._key).limit(self._most or PAGE)
        if self.name == "facts":
            rows = rows.where(self.table.c.key != COPY_FACT)
        if after is None:
            return rows
        start = [
            literal(value, one.type)
            for value, one in zip(after, self._key, strict=True)
        ]
        return rows.where(tuple_(*self._key) > tuple_(*start))

    def is_last(self, rows: Sequence[Row]) -> bool:
        """Whether no row follows this page."""
        return len(rows) < (self._most or PAGE)

    def key_of(self, row: Row) -> list[object]:
        """The values of the key."""
        return [row[at] for at in self._key_at]

    def dump_key(self, key: Sequence[object]) -> list[object]:
        """The key as values of JSON."""
        return [one.isoformat() if isinstance(one, date) else one for one in key]

    def load_key(self, values: Sequence[Any]) -> list[object]:
        """The key that `dump_key` made values of JSON."""
        return [
            date.fromisoformat(value) if one.type.python_type is date else value
            for value, one in zip(values, self._key, strict=True)
        ]


class Checksum:
    """Counts rows and sums their digests, in whichever order they come."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Count these rows too."""
        self.rows += len(rows)
        for row in rows:
            digest = blake2b(repr((*row,)).encode(), digest_size=_DIGEST_BYTES).digest()
            self._sum += int.from_bytes(digest)
        self._sum %= 1 << 8 * _DIGEST_BYTES

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Checksum):
            return NotImplemented
        return (self.rows, self._sum) == (other.rows, other._sum)

    __hash__ = None  # type: ignore[assignment] # it changes


@cache
def stored_tables() -> Sequence[StoredTable]:
    """Every table, each after those that its foreign keys name."""
    return [StoredTable(one) for one in metadata.sorted_tables]
