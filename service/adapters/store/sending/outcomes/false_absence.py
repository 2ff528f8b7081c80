"""An absence that was proven false: no automatic re-send until a person resumes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_alarm
from service.adapters.store.db.schema import message_reminders, messages, pauses
from service.adapters.store.db.upsert import insert_into
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.pause import RESEND_GUARD_NAME, resend_scope
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import ABSENT_TWICE

_ENDED_BY_ABSENCE = and_(
    messages.c.state == MessageState.NOT_ACCEPTED, messages.c.reason == ABSENT_TWICE
)


def is_resending_paused(provider: str) -> ColumnElement[bool]:
    """Condition: no automatic re-sending of this provider's messages."""
    return exists().where(pauses.c.scope == resend_scope(provider))


async def pause_if_absence_was_false(
    connection: AsyncConnection, message_id: str, now: datetime
) -> dict[str, str]:
    """Pause re-sending if this message, now accepted, had ended by proof of absence.

    Returns what to add to the alarm: the scope that is paused, or nothing.
    """
    wanted = select(messages.c.id, messages.c.provider).where(
        messages.c.id == message_id, _ENDED_BY_ABSENCE
    )
    row = (await connection.execute(wanted)).first()
    return await _pause(connection, row.provider, row.id, now) if row else {}


async def pause_if_earlier_absence_was_false(
    connection: AsyncConnection, message_id: str, now: datetime
) -> dict[str, str]:
    """Pause re-sending if a second id came for a message sent after an absence.

    One of the two ids is then that of the message whose absence was proven.
    """
    ours, others = message_reminders.alias(), message_reminders.alias()
    same_reminder = and_(
        others.c.permit_id == ours.c.permit_id,
        others.c.expires_on == ours.c.expires_on,
        others.c.step == ours.c.step,
    )
    wanted = (
        select(messages.c.id, messages.c.provider)
        .join_from(ours, others, same_reminder)
        .join(messages, messages.c.id == others.c.message_id)
        .where(ours.c.message_id == message_id, _ENDED_BY_ABSENCE)
        .limit(1)
    )
    row = (await connection.execute(wanted)).first()
    return await _pause(connection, row.provider, row.id, now) if row else {}


async def check_reference(
    connection: AsyncConnection,
    receipt: Receipt,
    owner: Row[Any] | None,
    now: datetime,
) -> None:
    """Pause re-sending if a receipt names a message that had ended by absence.

    The list had shown it after that, and its id was bound to a later one with an equal
    text, `owner`.
    """
    if owner is None or receipt.message_id in (None, owner.id):
        return
    wanted = select(messages.c.id, messages.c.provider).where(
        messages.c.id == receipt.message_id,
        messages.c.id != owner.id,
        _ENDED_BY_ABSENCE,
    )
    if row := (await connection.execute(wanted)).first():
        detail = {"message": row.id, "provider_id": receipt.provider_id}
        detail |= await _pause(connection, row.provider, row.id, now)
        await log_alarm(connection, "accepted after all", detail, now)


async def _pause(
    connection: AsyncConnection, provider: str, message_id: str, now: datetime
) -> dict[str, str]:
    scope = resend_scope(provider)
    reason = f"message {message_id} was absent twice, and was accepted after all"
    await connection.execute(
        insert_into(connection, pauses)
        .values(scope=scope, since=now, by=RESEND_GUARD_NAME, reason=reason)
        .on_conflict_do_nothing()
    )
    return {"paused": scope}
