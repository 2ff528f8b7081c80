"""What a failure says of the phone itself, unless something newer is known of it."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, literal, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.schema import inbounds, messages, recipients
from service.adapters.store.types import Instant
from service.domain.outcome import Fault, RefusalKind
from service.domain.status import MessageState


async def learn(
    connection: AsyncConnection,
    recipient_id: str,
    fault: Fault,
    since: datetime,
    now: datetime,
) -> None:
    """Text a phone no more that has opted out, or is nobody's.

    `since` is when the text was taken that failed so: a receipt may come days later,
    when its holder has texted START, or a newer text has arrived there.
    """
    known = recipients.c
    phone = update(recipients).where(known.id == recipient_id)
    if fault.kind is RefusalKind.OPTED_OUT:
        first = func.coalesce(known.opted_out_at, literal(now, Instant()))
        started = exists().where(_heard(since), inbounds.c.intent == "start")
        await connection.execute(phone.where(~started).values(opted_out_at=first))
    elif fault.kind is RefusalKind.BAD_NUMBER:
        alive = exists().where(_heard(since)) | exists().where(_arrived(since))
        dead = {"unreachable_at": now, "unreachable_by": fault.code}
        await connection.execute(phone.where(~alive).values(**dead))


def _heard(since: datetime) -> ColumnElement[bool]:
    """Whether a text to us is one from this phone, and newer."""
    return (inbounds.c.recipient_id == recipients.c.id) & (
        inbounds.c.received_at > since
    )


def _arrived(since: datetime) -> ColumnElement[bool]:
    """Whether a message was for this phone, newer, and arrived."""
    return (
        (messages.c.recipient_id == recipients.c.id)
        & (messages.c.accepted_at > since)
        & (messages.c.state.in_((MessageState.DELIVERED, MessageState.READ)))
    )
