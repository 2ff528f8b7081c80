"""Facts about the database as a whole, each stored under its key."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import facts
from service.adapters.store.db.upsert import insert_into

LAST_TICK: Final = "last tick"
"""Key of the fact that stores when a pass last ended, on the database's clock."""


async def get_fact(connection: AsyncConnection, key: str) -> str | None:
    """The value of a fact; None if it is not stored."""
    found = await _VALUE.run(connection, {"wanted": key})
    return found[0].value if found else None


_VALUE: Final = Prepared(
    select(facts.c.value).where(facts.c.key == bindparam("wanted"))
)


async def set_fact(
    connection: AsyncConnection, key: str, value: str | ColumnElement[str]
) -> None:
    """Store a fact in place of its former value."""
    values = {"value": value}
    await connection.execute(
        insert_into(connection, facts)
        .values(key=key, **values)
        .on_conflict_do_update(index_elements=["key"], set_=values)
    )


async def get_instant_fact(connection: AsyncConnection, key: str) -> datetime | None:
    """The instant that `set_instant_fact` stored; None if there is none."""
    found = await get_fact(connection, key)
    return datetime.fromisoformat(found) if found else None


async def set_instant_fact(
    connection: AsyncConnection, key: str, instant: datetime
) -> None:
    """Store an instant in place of the former one."""
    await set_fact(connection, key, instant.isoformat())
