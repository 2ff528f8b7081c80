"""What an outcome proves about its phone, unless something newer is known."""

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
    """Mark a phone opted out or unreachable, as the fault of its message proves.

    `evidence_at` is when the failed message was accepted. A receipt may come days
    later; by then the holder may have texted START, or a newer text may have arrived.
    """
    phone = update(recipients).where(recipients.c.id == message.recipient_id)
    if fault.kind is RefusalKind.OPTED_OUT:
        first = func.coalesce(recipients.c.opted_out_at, literal(now, Instant()))
        started = exists().where(
            _has_inbound_since(evidence_at), inbounds.c.intent == "start"
        )
        await connection.execute(phone.where(~started).values(opted_out_at=first))
    elif fault.kind is RefusalKind.BAD_NUMBER:
        arrived = messages.c.state.in_((MessageState.DELIVERED, MessageState.READ))
        newer = exists().where(*_is_newer_for_phone(message), arrived)
        is_reachable = exists().where(_has_inbound_since(evidence_at)) | newer
        values = {"unreachable_at": now, "unreachable_by": fault.code}
        await connection.execute(phone.where(~is_reachable).values(**values))


async def lift_after_delivery(
    connection: AsyncConnection, message: Row[Any], now: datetime
) -> None:
    """Mark a phone reachable again, because a message was delivered there.

    Does nothing if a newer message already proved that the number is unassigned.
    """
    unassigned = messages.c.kind == RefusalKind.BAD_NUMBER
    disproved = select(exists().where(*_is_newer_for_phone(message), unassigned))
    if not (await connection.execute(disproved)).scalar():
        await lift_unreachable(connection, message.recipient_id, now)


def _has_inbound_since(since: datetime) -> ColumnElement[bool]:
    """Condition: an inbound text came from this phone after that instant."""
    return (inbounds.c.recipient_id == recipients.c.id) & (
        inbounds.c.received_at > since
    )


def _is_newer_for_phone(message: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """Conditions: a message to the same phone, claimed later; ids sort by claim."""
    same = messages.c.recipient_id == message.recipient_id
    return same, messages.c.id > message.id
