"""Opt-outs: phones that receive no more texts, and since when."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import recipients
from service.adapters.store.permits.follow_up import (
    create_current_reminders,
    end_ineligible_reminders,
)
from service.adapters.store.permits.recipients import (
    ensure_recipient_ids,
    permits_of,
    recipient_id_of,
)
from service.domain.errors import ConflictError
from service.flow.permits.encryption import Recipient
from service.flow.permits.opt_outs import OptOut, OptOutStore, Via

_OPT_OUTS = select(
    recipients.c.id,
    recipients.c.masked,
    recipients.c.opted_out_at,
    func.coalesce(recipients.c.opted_out_by, "provider"),
).where(recipients.c.opted_out_at.is_not(None))
"""The columns of an `OptOut`, in the order of its fields."""


class SqlOptOutStore(OptOutStore):
    """Stores opt-outs with the recipient; each act of a person is logged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, after: str | None, limit: int | None) -> list[OptOut]:
        """The opt-outs that follow the id `after`, in the order of their ids."""
        wanted = _OPT_OUTS.order_by(recipients.c.id).limit(limit)
        if after is not None:
            wanted = wanted.where(recipients.c.id > after)
        async with self._database.read() as connection:
            return [OptOut(*row) for row in await connection.execute(wanted)]

    async def opt_out(
        self, phone: Recipient, via: Via, by: str, reason: str | None, now: datetime
    ) -> tuple[OptOut, bool]:
        """Opt a phone out, known or not; the opt-out, and whether it is new."""
        async with self._database.write(confirmed=True) as connection:
            ids = await ensure_recipient_ids(connection, [phone])
            recipient_id = ids[phone.digest]
            is_new = await opt_out(connection, recipient_id, via, now)
            if is_new:
                detail = {"phone": phone.masked, "why": reason}
                await log_action(connection, now, by, "opt-out", detail)
            wanted = _OPT_OUTS.where(recipients.c.id == recipient_id)
            return OptOut(*(await connection.execute(wanted)).one()), is_new

    async def lift(
        self, phone: Recipient, by: str, reason: str | None, now: datetime
    ) -> None:
        """Lift an opt-out; raises `ConflictError` if the phone has not opted out."""
        async with self._database.write(confirmed=True) as connection:
            recipient_id = await recipient_id_of(connection, phone.digest)
            if recipient_id is None or not await opt_in(connection, recipient_id, now):
                raise ConflictError(f"{phone.masked}: has not opted out")
            detail = {"phone": phone.masked, "why": reason}
            await log_action(connection, now, by, "opt-out lifted", detail)


async def opt_out(
    connection: AsyncConnection, recipient_id: str, via: Via, now: datetime
) -> bool:
    """Opt a recipient out and end its due reminders; False if it had opted out."""
    return await _set_opt_out(
        connection, recipient_id, now, opted_out_at=now, opted_out_by=via
    )


async def opt_in(connection: AsyncConnection, recipient_id: str, now: datetime) -> bool:
    """Lift an opt-out and reopen current reminders; False if there was none."""
    return await _set_opt_out(
        connection, recipient_id, now, opted_out_at=None, opted_out_by=None
    )


async def _set_opt_out(
    connection: AsyncConnection,
    recipient_id: str,
    now: datetime,
    *,
    opted_out_at: datetime | None,
    opted_out_by: Via | None,
) -> bool:
    has_opted_out = recipients.c.opted_out_at.is_not(None)
    updated = await connection.execute(
        update(recipients)
        .where(
            recipients.c.id == recipient_id,
            has_opted_out if opted_out_at is None else ~has_opted_out,
        )
        .values(opted_out_at=opted_out_at, opted_out_by=opted_out_by)
    )
    if updated.rowcount:
        permit_ids = await permits_of(connection, recipient_id)
        await end_ineligible_reminders(connection, permit_ids, now)
        await create_current_reminders(connection, permit_ids, now)
    return bool(updated.rowcount)
