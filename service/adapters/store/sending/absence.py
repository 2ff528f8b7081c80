"""Absences from the provider's list: noted, doubted, or left to an operator."""

from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_alarm
from service.adapters.store.db.schema import messages, reminders
from service.adapters.store.db.types import database_now
from service.adapters.store.sending.outcomes.false_absence import is_resending_paused
from service.adapters.store.sending.outcomes.retry import of_message
from service.adapters.store.sending.resolve import has_reason_prefix
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import LEFT_TO_OPERATOR, resend_objection
from service.flow.sending.provider import OpenMessage


async def find_objection(
    connection: AsyncConnection, message: OpenMessage, now: datetime
) -> str | None:
    """Why its reminders may not be sent again now, even with proof.

    Of what was asked first nobody knows that it was ever sent: no limit counts it.
    """
    wanted = select(
        func.coalesce(func.max(reminders.c.returned), 0).label("returned"),
        func.min(reminders.c.until_at).label("until_at"),
        is_resending_paused(message.provider).label("is_paused"),
    ).where(of_message(message.id))
    row = (await connection.execute(wanted)).one()
    time_left = row.until_at - now if row.until_at else None
    if message.is_asked_first:
        return resend_objection(0, None, is_paused=bool(row.is_paused))
    return resend_objection(row.returned, time_left, is_paused=bool(row.is_paused))


async def set_absent_at(connection: AsyncConnection, message_id: str) -> None:
    """Note the first absence; a later one changes nothing."""
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.absent_at.is_(None))
        .values(absent_at=database_now())
    )


async def wait_for_proof(
    connection: AsyncConnection, message_id: str, reason: str
) -> None:
    """Say what was seen, and ask again later; what was left to an operator stays so."""
    its = messages.c
    is_left = has_reason_prefix(LEFT_TO_OPERATOR)
    await connection.execute(
        update(messages)
        .where(its.id == message_id, its.state == MessageState.UNCERTAIN)
        .values(
            absent_at=database_now(), reason=case((is_left, its.reason), else_=reason)
        )
    )


async def leave_to_operator(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Leave a message to an operator, with an alarm if it was not left before."""
    still = (messages.c.id == message_id, messages.c.state == MessageState.UNCERTAIN)
    newly_left = await connection.execute(
        update(messages)
        .where(*still, ~has_reason_prefix(LEFT_TO_OPERATOR))
        .values(reason=reason)
    )
    if newly_left.rowcount:
        detail = {"message": message_id, "seen": reason}
        await log_alarm(connection, "outcome unknown", detail, now)
    await connection.execute(
        update(messages).where(*still).values(absent_at=database_now())
    )
