"""`ConsentStore`: phones that are texted no more, by whose word, and since when."""

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
    id_of,
    permits_of,
)
from service.domain.errors import ConflictError
from service.flow.permits.encryption import Recipient
from service.flow.permits.opt_outs import OptOut, Via

_OPT_OUTS = select(
    recipients.c.id,
    recipients.c.masked,
    recipients.c.opted_out_at,
    func.coalesce(recipients.c.opted_out_by, "provider"),
).where(recipients.c.opted_out_at.is_not(None))


class SqlOptOutStore:
    """Opt-outs: listed, made and lifted by people; each act is written down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, after: str | None, limit: int | None) -> list[OptOut]:
        """The opt-outs from the one after `after`, in the order of their ids."""
        wanted = _OPT_OUTS.order_by(recipients.c.id).limit(limit)
        if after is not None:
            wanted = wanted.where(recipients.c.id > after)
        async with self._database.read() as connection:
            return [OptOut(*row) for row in await connection.execute(wanted)]

    async def opt_out(
        self, phone: Recipient, via: Via, by: str, reason: str | None, now: datetime
    ) -> tuple[OptOut, bool]:
        """Text a phone no more, known or not; the opt-out, and whether it is new."""
        async with self._database.write() as connection:
            recipient = (await ensure_recipient_ids(connection, [phone]))[phone.digest]
            new = await opt_out(connection, recipient, via, now)
            if new:
                detail = {"phone": phone.masked, "why": reason}
                await log_action(connection, now, by, "opt-out", detail)
            wanted = _OPT_OUTS.where(recipients.c.id == recipient)
            return OptOut(*(await connection.execute(wanted)).one()), new

    async def lift(
        self, phone: Recipient, by: str, reason: str | None, now: datetime
    ) -> None:
        """Text a phone again; raises `ConflictError` where it has not opted out."""
        async with self._database.write() as connection:
            recipient = await id_of(connection, phone.digest)
            if recipient is None or not await opt_in(connection, recipient, now):
                raise ConflictError(f"{phone.masked}: has not opted out")
            detail = {"phone": phone.masked, "why": reason}
            await log_action(connection, now, by, "opt-out lifted", detail)


async def opt_out(
    connection: AsyncConnection, recipient: str, via: Via, now: datetime
) -> bool:
    """End what is due to a phone; False where it has opted out before."""
    return await _set_opt_out(
        connection, recipient, now, opted_out_at=now, opted_out_by=via
    )


async def opt_in(connection: AsyncConnection, recipient: str, now: datetime) -> bool:
    """Reopen what is current for a phone; False where it has not opted out."""
    return await _set_opt_out(
        connection, recipient, now, opted_out_at=None, opted_out_by=None
    )


async def _set_opt_out(
    connection: AsyncConnection,
    recipient: str,
    now: datetime,
    *,
    opted_out_at: datetime | None,
    opted_out_by: Via | None,
) -> bool:
    silenced = recipients.c.opted_out_at.is_not(None)
    changed = await connection.execute(
        update(recipients)
        .where(
            recipients.c.id == recipient,
            silenced if opted_out_at is None else ~silenced,
        )
        .values(opted_out_at=opted_out_at, opted_out_by=opted_out_by)
    )
    if changed.rowcount:
        ids = await permits_of(connection, recipient)
        await end_ineligible_reminders(connection, ids, now)
        await create_current_reminders(connection, ids, now)
    return bool(changed.rowcount)
