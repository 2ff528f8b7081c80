"""Which message a provider's id belongs to."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_alarm
from service.adapters.store.db.schema import messages
from service.adapters.store.sending.outcomes.false_absence import (
    pause_if_absence_was_false,
    pause_if_earlier_absence_was_false,
)
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import ENDED_UNACCEPTED


async def check_provider_id(
    connection: AsyncConnection, message: Row[Any], provider_id: str, now: datetime
) -> bool:
    """Whether a provider id may belong to this message.

    Raises an alarm for a second id of one message, an id that another message has, and
    an acceptance of one that ended as not accepted; may pause automatic re-sending.
    """
    detail = {"message": message.id, "provider_id": provider_id}
    if message.provider_id not in (None, provider_id):
        detail |= await pause_if_earlier_absence_was_false(connection, message.id, now)
        await log_alarm(connection, "second provider id", detail, now)
        return False
    owner = await _find_by_provider_id(connection, message.provider, provider_id)
    if owner is not None and owner.id != message.id:
        await log_alarm(connection, "id of another message", detail, now)
        return False
    if message.state in ENDED_UNACCEPTED:
        detail |= await pause_if_absence_was_false(connection, message.id, now)
        await log_alarm(connection, "accepted after all", detail, now)
    return True


async def find_message(
    connection: AsyncConnection, receipt: Receipt
) -> Row[Any] | None:
    """Find a receipt's message by the provider's id, else by ours in the callback URL.

    Two messages with equal texts may have been bound crosswise; the provider's ids then
    stay as they were bound.
    """
    found = await _find_by_provider_id(
        connection, receipt.provider, receipt.provider_id
    )
    if found is not None or receipt.message_id is None:
        return found
    ours = select(messages).where(
        messages.c.id == receipt.message_id, messages.c.provider == receipt.provider
    )
    return (await connection.execute(ours)).first()


async def _find_by_provider_id(
    connection: AsyncConnection, provider: str, provider_id: str
) -> Row[Any] | None:
    theirs = select(messages).where(
        messages.c.provider == provider, messages.c.provider_id == provider_id
    )
    return (await connection.execute(theirs)).first()
