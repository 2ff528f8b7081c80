"""`SqlSnapshotStore`: permits that a full export lacks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select, update

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.permits.follow_up import (
    create_current_reminders,
    end_ineligible_reminders,
)
from service.adapters.store.permits.imports.changes import (
    Change,
    describe_moved,
    describe_renewed,
    describe_withdrawn,
)
from service.adapters.store.permits.imports.records import count_absent
from service.adapters.store.permits.renewals.replaced import mark_renewed
from service.adapters.store.reminders.transitions import transition
from service.domain.delivery.status import ReminderState
from service.domain.permits.permit import PermitStatus
from service.domain.permits.snapshot_scope import SnapshotScope
from service.domain.reminders.reasons import ABSENT
from service.flow.permits.snapshot.absent import SnapshotStore
from service.flow.permits.snapshot.present import StoredPermit


class SqlSnapshotStore(SnapshotStore):
    """Reads the permits of a register, and withdraws those that are absent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, register: str, scope: SnapshotScope, after: str | None, limit: int
    ) -> list[StoredPermit]:
        """Permits that are not withdrawn and follow the id `after`, by their ids."""
        wanted = (
            select(
                permits.c.id,
                permits.c.authority,
                permits.c.rule,
                permits.c.number_key,
                permits.c.changed_at,
                permits.c.register,
                permits.c.also_in,
            )
            .where(
                or_(permits.c.register == register, permits.c.also_in == register),
                permits.c.status != PermitStatus.WITHDRAWN,
            )
            .order_by(permits.c.id)
            .limit(limit)
        )
        if scope.authorities:
            wanted = wanted.where(permits.c.authority.in_(scope.authorities))
        if scope.rules:
            wanted = wanted.where(permits.c.rule.in_(scope.rules))
        if after is not None:
            wanted = wanted.where(permits.c.id > after)
        async with self._database.read() as connection:
            return [StoredPermit(*row) for row in await connection.execute(wanted)]

    async def leave(
        self, ids: Sequence[str], register: str, now: datetime, import_id: str
    ) -> None:
        """Note that permits stand in this register no more, but in the other one."""
        async with self._database.write() as connection:
            # Another import may have taken them out of the other one by now.
            named = and_(permits.c.id.in_(ids), permits.c.also_in.is_not(None))
            back = select(permits).where(named, permits.c.register == register)
            rows = (await connection.execute(back)).all()
            changes = list[Change]()
            for row in rows:
                changes += describe_moved([row], row.also_in)
            await connection.execute(
                update(permits)
                .where(named, permits.c.register == register)
                .values(register=permits.c.also_in)
            )
            await connection.execute(update(permits).where(named).values(also_in=None))
            await count_absent(connection, import_id, 0, changes, now)

    async def withdraw(
        self,
        ids: Sequence[str],
        register: str,
        unchanged_since: datetime,
        now: datetime,
        import_id: str,
    ) -> int:
        """Withdraw what is still in the register and unchanged; how many were."""
        async with self._database.write() as connection:
            still_absent = select(permits).where(
                permits.c.id.in_(ids),
                permits.c.register == register,
                permits.c.status != PermitStatus.WITHDRAWN,
                permits.c.changed_at <= unchanged_since,
            )
            rows = (await connection.execute(still_absent)).all()
            absent = [row.id for row in rows]
            await connection.execute(
                update(permits)
                .where(permits.c.id.in_(absent))
                .values(
                    status=PermitStatus.WITHDRAWN, status_reason=ABSENT, changed_at=now
                )
            )
            due = reminders.c.permit_id.in_(absent)
            await transition(
                connection,
                due & (reminders.c.state == ReminderState.DUE),
                ReminderState.CANCELLED,
                now,
                reason=ABSENT,
            )
            replaced = {row.replaces for row in rows if row.replaces}
            # Permits that they had replaced are reminded again.
            renewed = await mark_renewed(connection, replaced, now)
            await end_ineligible_reminders(connection, [*renewed], now)
            await create_current_reminders(connection, [*renewed], now)
            if rows:
                changes = [describe_withdrawn(row, ABSENT) for row in rows]
                changes += describe_renewed(renewed)
                await count_absent(connection, import_id, len(rows), changes, now)
            return len(rows)
