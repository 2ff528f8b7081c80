"""Numbers of stored permits, changed together with what names them."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import permits
from service.adapters.store.permits.follow_up import end_ineligible_reminders
from service.adapters.store.permits.renewals.replaced import mark_renewed
from service.domain.permits.permit import PermitStatus
from service.flow.permits.renumber import NumberStore, Renumbered, StoredNumber

_COLUMNS = tuple(permits.c[field.name] for field in fields(StoredNumber))
_NUMBER_COLUMNS = ("number_key", "number", "shown_number", "tail", "replaces")


class SqlNumberStore(NumberStore):
    """Reads and writes the columns of `permits` that come from its number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, after: str | None, limit: int) -> list[StoredNumber]:
        """The numbers that follow the permit id `after`, but for withdrawn permits."""
        wanted = (
            select(*_COLUMNS)
            .where(permits.c.status != PermitStatus.WITHDRAWN)
            .order_by(permits.c.id)
            .limit(limit)
        )
        if after is not None:
            wanted = wanted.where(permits.c.id > after)
        async with self._database.read() as connection:
            return [StoredNumber(*row) for row in await connection.execute(wanted)]

    async def renumber(
        self, changes: Sequence[tuple[StoredNumber, StoredNumber]], now: datetime
    ) -> list[tuple[StoredNumber, StoredNumber]]:
        """Store numbers; those whose new number another permit has stay as they are."""
        if not changes:
            return []
        copies = []
        async with self._database.write() as connection:
            for old, new in changes:
                if other := await _other_with(connection, new):
                    copies.append((old, other))
                else:
                    await _renumber(connection, old, new, now)
        return copies

    async def log(self, done: Renumbered, by: str, now: datetime) -> None:
        """Log what was done, if anything was."""
        if done.changed or done.withdrawn or done.contradicting:
            async with self._database.write() as connection:
                await log_action(connection, now, by, "permit numbers", asdict(done))


async def _other_with(
    connection: AsyncConnection, number: StoredNumber
) -> StoredNumber | None:
    wanted = select(*_COLUMNS).where(
        permits.c.authority == number.authority,
        permits.c.rule == number.rule,
        permits.c.number_key == number.number_key,
        permits.c.id != number.id,
    )
    row = (await connection.execute(wanted)).first()
    return StoredNumber(*row) if row else None


async def _renumber(
    connection: AsyncConnection, old: StoredNumber, new: StoredNumber, now: datetime
) -> None:
    values = {name: getattr(new, name) for name in _NUMBER_COLUMNS}
    await connection.execute(
        update(permits).where(permits.c.id == new.id).values(values)
    )
    await connection.execute(
        update(permits)
        .where(
            permits.c.authority == old.authority,
            permits.c.rule == old.rule,
            permits.c.replaces == old.number_key,
        )
        .values(replaces=new.number_key)
    )
    numbers = {key for key in (old.number_key, new.number_key, new.replaces) if key}
    renewed = await mark_renewed(connection, numbers, now)
    await end_ineligible_reminders(connection, [*renewed], now)
