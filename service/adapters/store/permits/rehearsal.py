"""What registering permits would do, without storing it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import golives, permits, reminders, slots
from service.adapters.store.permits.permit_rows import PermitChange
from service.adapters.store.permits.register import SqlRegisterStore
from service.adapters.store.permits.renewals.filings import SqlFilingStore
from service.adapters.store.reminders.transitions import was_texted_in
from service.adapters.store.slots.conditions import IS_LIVE, IS_REMINDED, go_live_of
from service.adapters.store.slots.due_counts import is_due_between, is_overdue_slot
from service.adapters.store.slots.group_key import same_group
from service.domain.delivery.status import CLAIMABLE
from service.domain.permits.filing import FiledPermit
from service.flow.permits.import_run import CAUSED_WITHIN
from service.flow.permits.register import RegisterSource

_ReminderKey = tuple[str, date, str]
"""(permit id, expires_on, step)."""


class _FilingRehearsal(SqlFilingStore):
    """Does what a `SqlFilingStore` does, and rolls each transaction back."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.reminders = 0

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.dry_run()

    async def _store(
        self,
        connection: AsyncConnection,
        changed: Mapping[str, FiledPermit],
        now: datetime,
    ) -> None:
        before = await _coming_reminders(connection, [*changed], now)
        await super()._store(connection, changed, now)
        self.reminders += len(
            await _coming_reminders(connection, [*changed], now) - before
        )


class RegisterRehearsal(SqlRegisterStore):
    """Does what a `SqlRegisterStore` does, and rolls each transaction back.

    Other writers wait no longer than for a chunk that is stored.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.filings = self._filings = _FilingRehearsal(database)
        self._reminders = 0

    @property
    def reminders(self) -> int:
        """How many reminders the rows so far would cause within `CAUSED_WITHIN`."""
        return self._reminders + self._filings.reminders

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.dry_run()

    async def _store(
        self,
        connection: AsyncConnection,
        changes: Sequence[PermitChange],
        source: RegisterSource,
        now: datetime,
    ) -> Mapping[str, bool]:
        ids = [one.id for one in changes]
        before = await _coming_reminders(connection, ids, now)
        renewed = await super()._store(connection, changes, source, now)
        caused = await _coming_reminders(connection, ids, now) - before
        self._reminders += len(caused)
        return renewed


async def _coming_reminders(
    connection: AsyncConnection, permit_ids: Sequence[str], now: datetime
) -> set[_ReminderKey]:
    """The reminders of these permits that are due, or fall due soon."""
    until, found = now + CAUSED_WITHIN, set[Any]()
    due = reminders.c.state.in_(CLAIMABLE), reminders.c.next_at < until
    step = permits.c.id, permits.c.expires_on, slots.c.step
    for chunk in in_chunks(permit_ids):
        created = select(
            reminders.c.permit_id, reminders.c.expires_on, reminders.c.step
        ).where(reminders.c.permit_id.in_(chunk), *due)
        to_come = (
            select(*step)
            .join_from(permits, slots, same_group(permits.c, slots.c))
            .join(golives, go_live_of(slots.c))
            .where(
                permits.c.id.in_(chunk),
                IS_LIVE,
                IS_REMINDED,
                or_(is_due_between(now, until), is_overdue_slot(now, now)),
                ~was_texted_in([slots.c.step], permits.c.id, permits.c.expires_on),
            )
        )
        for wanted in (created, to_come):
            found |= {tuple(row) for row in await connection.execute(wanted)}
    return found
