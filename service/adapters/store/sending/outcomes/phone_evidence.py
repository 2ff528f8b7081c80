"""What became of a message says of its phone, unless something newer is known of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import inbounds, messages, recipients
from service.adapters.store.db.types import Instant
from service.adapters.store.permits.unreachable import lift_unreachable
from service.domain.delivery.outcome import Fault, RefusalKind
from service.domain.delivery.status import MessageState


async def apply_phone_evidence(
    connection: AsyncConnection,
    message: Row[Any],
    fault: Fault,
    evidence_at: datetime,
    now: datetime,
) -> None:
    """Text a phone no more that has opted out, or is nobody's.

    `since` is when the message was taken that failed so: a receipt may come days later,
    when its holder has texted START, or a newer text has arrived there.
    """
    known = recipients.c
    phone = update(recipients).where(known.id == message.recipient_id)
    if fault.kind is RefusalKind.OPTED_OUT:
        first = func.coalesce(known.opted_out_at, literal(now, Instant()))
        started = exists().where(
            _has_inbound_since(evidence_at), inbounds.c.intent == "start"
        )
        await connection.execute(phone.where(~started).values(opted_out_at=first))
    elif fault.kind is RefusalKind.BAD_NUMBER:
        came = messages.c.state.in_((MessageState.DELIVERED, MessageState.READ))
        newer = exists().where(*_is_newer_for_phone(message), came)
        alive = exists().where(_has_inbound_since(evidence_at)) | newer
        dead = {"unreachable_at": now, "unreachable_by": fault.code}
        await connection.execute(phone.where(~alive).values(**dead))


async def lift_after_delivery(
    connection: AsyncConnection, message: Row[Any], now: datetime
) -> None:
    """Text a phone again where a message has arrived.

    Unless a newer one, of which was told before, has found it to be nobody's.
    """
    dead = messages.c.kind == RefusalKind.BAD_NUMBER
    since = select(exists().where(*_is_newer_for_phone(message), dead))
    if not (await connection.execute(since)).scalar():
        await lift_unreachable(connection, message.recipient_id, now)


def _has_inbound_since(since: datetime) -> ColumnElement[bool]:
    """Whether a text to us is one from this phone, and newer."""
    return (inbounds.c.recipient_id == recipients.c.id) & (
        inbounds.c.received_at > since
    )


def _is_newer_for_phone(message: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """Whether a message was for the same phone, and claimed later: ids are in order."""
    same = messages.c.recipient_id == message.recipient_id
    return same, messages.c.id > message.id
