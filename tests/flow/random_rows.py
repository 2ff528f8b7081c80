"""Random rows in every table, with values that a careless copy would change."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, Float, Integer, LargeBinary, Uuid, insert

from service.adapters.store.copy.stored_tables import StoredTable, stored_tables
from service.adapters.store.db.database import Database
from service.adapters.store.db.insert_rows import insert_rows
from service.adapters.store.db.schema import metadata
from service.adapters.store.db.types import FreeJson, FreeText, Instant

_TEXTS_OF_JSON: Final = [
    '{"a" :  [1, null]}',
    "null",
    '"\\u0000 \\ud83d +12125550199"',
    "1e5",
]

_EPOCH = datetime(1990, 1, 1, tzinfo=UTC)

_VALUES: Final[dict[type[Any], Callable[[random.Random], object]]] = {
    Boolean: lambda random_: random_.choice([True, False]),
    Integer: lambda random_: random_.randint(1, 2**31 - 1),
    Float: lambda random_: random_.choice([0.1, 1e300, -0.0, random_.random()]),
    LargeBinary: lambda random_: random_.randbytes(random_.choice([32, 33])),
    Uuid: lambda random_: str(UUID(int=random_.getrandbits(128))),
    Date: lambda random_: date(1900, 1, 1) + timedelta(random_.randint(0, 100_000)),
    Instant: lambda random_: _EPOCH + timedelta(microseconds=random_.getrandbits(52)),
    JSON: lambda random_: random_.choice(_TEXTS_OF_JSON),
    FreeJson: lambda random_: random_.choice(_TEXTS_OF_JSON),
}
"""By type: values that a careless copy would change."""


async def fill_tables(database: Database, random_: random.Random) -> None:
    """Rows of every table with values that a careless copy would change."""
    known = dict[str, list[dict[str, Any]]]()
    async with database.write() as connection:
        for stored in stored_tables():
            rows = [_random_row(stored, known, random_) for _ in range(8)]
            by_key = {repr(stored.key_of([*one.values()])): one for one in rows}
            known[stored.name] = [*by_key.values()]
            await insert_rows(connection, insert(stored.table), known[stored.name])


def _random_row(
    stored: StoredTable, known: dict[str, list[dict[str, Any]]], random_: random.Random
) -> dict[str, Any]:
    table = metadata.tables[stored.name]
    row = {
        one.name: None
        if one.nullable and random_.random() < 0.3
        else _random_value(stored, one.name, random_)
        for one in table.columns
    }
    for constraint in table.foreign_key_constraints:
        parent = random_.choice(known[constraint.referred_table.name])
        for element in constraint.elements:
            row[element.parent.name] = parent[element.column.name]
    return row


def _random_value(stored: StoredTable, name: str, random_: random.Random) -> object:
    kind = metadata.tables[stored.name].c[name].type
    make = next((one for of, one in _VALUES.items() if isinstance(kind, of)), None)
    if make is not None:
        return make(random_)
    free = kind.impl_instance if isinstance(kind, FreeText) else kind
    longest = min(getattr(free, "length", None) or 40, 40)
    if isinstance(kind, FreeText) and random_.random() < 0.3:
        return "call +12125550199"[:longest]
    return "".join(
        random_.choices(
            "aZ 0'\"\\\t\n,%é中🙂\u2028", k=random_.randint(min(6, longest), longest)
        )
    )
