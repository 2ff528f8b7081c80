"""`SqlDiagnosisStore`: permits by type and stage, registers by age, unknown types."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import UNKNOWN_TYPES
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    actions,
    golives,
    imports,
    permits,
    registers,
    slots,
)
from service.adapters.store.db.types import database_now
from service.adapters.store.slots.conditions import IS_REMINDED, go_live_of
from service.adapters.store.slots.group_key import same_group
from service.domain.reports.findings import RegisterAge, TypeCount
from service.flow.reports.diagnose import DiagnosisRows, DiagnosisStore


class SqlDiagnosisStore(DiagnosisStore):
    """Reads all rows in one transaction, so that they belong together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, now: datetime, soon: datetime) -> DiagnosisRows:
        """Read the rows; windows that close until `soon` close soon."""
        async with self._database.read() as connection:
            return DiagnosisRows(
                types=await _count_by_type(connection, now, soon),
                registers=[
                    RegisterAge(row.name, row.loaded_at, row.max_age_days)
                    for row in await connection.execute(
                        select(registers).order_by(registers.c.name)
                    )
                ],
                unknown_types=await _unknown_types(connection),
                machine_at=(
                    await connection.execute(select(database_now()))
                ).scalar_one(),
            )


async def _count_by_type(
    connection: AsyncConnection, now: datetime, soon: datetime
) -> list[TypeCount]:
    closes_soon = exists().where(
        same_group(slots.c, permits.c), slots.c.closes_at.between(now, soon)
    )
    kind = (permits.c.authority, permits.c.rule, golives.c.state)
    wanted = (
        select(*kind, func.count(), func.count().filter(closes_soon))
        .join_from(permits, golives, go_live_of(permits.c), isouter=True)
        .where(IS_REMINDED, permits.c.expires_on >= now.astimezone(UTC).date())
        .group_by(*kind)
        .order_by(*kind)
    )
    return [TypeCount(*row) for row in await connection.execute(wanted)]


async def _unknown_types(connection: AsyncConnection) -> Mapping[str, int]:
    """Count them in the newest import of each register."""
    newest = select(func.max(imports.c.id)).group_by(imports.c.register)
    ids = set((await connection.execute(newest)).scalars())
    logged = select(actions.c.detail).where(actions.c.what == UNKNOWN_TYPES)
    found = Counter[str]()
    for detail in (await connection.execute(logged)).scalars():
        if detail["import"] in ids:
            found.update(detail["rows"])
    return found
