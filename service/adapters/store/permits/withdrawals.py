"""Permits withdrawn because somebody says so: their register's rows, or a person."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits
from service.adapters.store.permits.follow_up import (
    create_current_reminders,
    end_ineligible_reminders,
)
from service.adapters.store.permits.imports.changes import (
    Change,
    describe_renewed,
    describe_withdrawn,
)
from service.adapters.store.permits.permit_rows import PermitKey, permits_by_key
from service.adapters.store.permits.registers import upsert_register
from service.adapters.store.permits.renewals.replaced import mark_renewed
from service.domain.permits.permit import PermitStatus
from service.flow.permits.register import RegisterSource


async def withdraw_permits(
    connection: AsyncConnection,
    keys: Sequence[PermitKey],
    source: RegisterSource | None,
    now: datetime,
) -> tuple[list[str | None], list[Change]]:
    """Withdraw permits and end their due reminders; the outcome of each, in order.

    None for a permit that is unknown. The register that says so counts as loaded, if
    one is known.
    """
    rows = await permits_by_key(connection, keys) if keys else {}
    if rows and source is not None:
        await upsert_register(connection, source, now)
    named = {
        row.id: row
        for row in rows.values()
        if row.status != PermitStatus.WITHDRAWN or row.status_reason is not None
    }
    changes = [describe_withdrawn(row) for row in named.values()]
    if named:
        await connection.execute(
            update(permits)
            .where(permits.c.id.in_([*named]))
            .values(status=PermitStatus.WITHDRAWN, status_reason=None, changed_at=now)
        )
        replaced = {row.replaces for row in named.values() if row.replaces}
        renewed = await mark_renewed(connection, replaced, now)
        changes += describe_renewed(renewed)
        ids = [*named, *renewed]
        await end_ineligible_reminders(connection, ids, now)
        await create_current_reminders(connection, ids, now)
    outcomes = list[str | None]()
    for row in map(rows.get, keys):
        is_changed = row is not None and named.pop(row.id, None) is not None
        outcomes.append(row and ("changed" if is_changed else "unchanged"))
    return outcomes, changes
