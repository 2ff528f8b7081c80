"""Registers: when each was loaded, how it is asked, which permits stand in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, case, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.schema import lookups, permits, registers
from service.adapters.store.db.upsert import insert_into
from service.domain.permits.lookup import Lookup
from service.domain.permits.permit import PermitStatus
from service.flow.permits.register import API_SOURCE, RegisterSource

_PERMIT_IDS: Final = JsonValues(permits.c.id, "permits")


async def upsert_register(
    connection: AsyncConnection, source: RegisterSource, now: datetime
) -> None:
    """Note that a register is loaded, how old it may become, and how it is asked.

    One that is known stays as it is if only some of its permits come.
    """
    values = {"max_age_days": source.max_age_days, "loaded_at": now}
    statement = insert_into(connection, registers).values(name=source.name, **values)
    if not source.is_load:
        await connection.execute(statement.on_conflict_do_nothing())
        return
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_=values)
    )
    await _declare_lookup(connection, source.name, source.lookup)


async def _declare_lookup(
    connection: AsyncConnection, register: str, lookup: Lookup | None
) -> None:
    if lookup is None:
        await connection.execute(delete(lookups).where(lookups.c.register == register))
        return
    declared = {
        "mapping": dict(lookup.mapping),
        "fresh_minutes": lookup.fresh_minutes,
        "at_once": lookup.at_once,
        "on_failure": lookup.on_failure,
    }
    none_yet = {"found": 0, "not_found": 0, "failed": 0}
    await connection.execute(
        insert_into(connection, lookups)
        .values(register=register, **declared, **none_yet)
        .on_conflict_do_update(index_elements=["register"], set_=declared)
    )


async def set_register(
    connection: AsyncConnection, ids: Sequence[str], register: str
) -> None:
    """Note that these permits stand in this register, and the one before it.

    Permits of the API stand in no other one, nor do those that are withdrawn.
    """
    if ids:
        statement = update(permits).where(permits.c.id.in_(_PERMIT_IDS.values))
        asked = _PERMIT_IDS.bind(connection.dialect, ids)
        is_listed = and_(
            permits.c.register != API_SOURCE,
            permits.c.status != PermitStatus.WITHDRAWN,
        )
        before = case((is_listed, permits.c.register))
        values = {"register": register, "also_in": before}
        await connection.execute(statement.values(values), asked)
