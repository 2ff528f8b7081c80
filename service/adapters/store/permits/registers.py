"""Registers: when each was last loaded, and which permits stand in it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permits, registers
from service.adapters.store.db.upsert import insert_into
from service.flow.permits.register import RegisterSource


async def upsert_register(
    connection: AsyncConnection, source: RegisterSource, now: datetime
) -> None:
    """Note that a register is loaded, and how old it may become."""
    values = {"max_age_days": source.max_age_days, "loaded_at": now}
    await connection.execute(
        insert_into(connection, registers)
        .values(name=source.name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )


async def set_register(
    connection: AsyncConnection, ids: Sequence[str], source: RegisterSource
) -> None:
    """Note that these permits stand in this register, changed or not."""
    for chunk in in_chunks(ids):
        await connection.execute(
            update(permits)
            .where(permits.c.id.in_(chunk), permits.c.register != source.name)
            .values(register=source.name)
        )
