"""Facts about the database as a whole, each kept under its key."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import facts
from service.adapters.store.db.upsert import insert_into


async def get_fact(connection: AsyncConnection, key: str) -> str | None:
    """What is kept; None where nothing is."""
    found = await connection.execute(select(facts.c.value).where(facts.c.key == key))
    value: str | None = found.scalar()
    return value


async def set_fact(
    connection: AsyncConnection, key: str, value: str | ColumnElement[str]
) -> None:
    """Keep it in place of what was kept."""
    said = {"value": value}
    await connection.execute(
        insert_into(connection, facts)
        .values(key=key, **said)
        .on_conflict_do_update(index_elements=["key"], set_=said)
    )


async def get_instant_fact(connection: AsyncConnection, key: str) -> datetime | None:
    """The instant kept by `keep_instant`."""
    found = await get_fact(connection, key)
    return datetime.fromisoformat(found) if found else None


async def set_instant_fact(
    connection: AsyncConnection, key: str, instant: datetime
) -> None:
    """Keep an instant in place of what was kept."""
    await set_fact(connection, key, instant.isoformat())
