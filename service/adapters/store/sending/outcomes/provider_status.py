"""Move messages up by what a provider reports; their reminders follow."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_alarm
from service.adapters.store.db.schema import messages, pauses, receipts, reminders
from service.adapters.store.db.types import Id, Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.transitions import transition
from service.adapters.store.sending.outcomes.false_absence import check_reference
from service.adapters.store.sending.outcomes.give_back import give_back_needless
from service.adapters.store.sending.outcomes.late_acceptance import (
    ACCEPTED_AND_NOT_FAILED,
    adopt_late_acceptance,
    fall_back_to_accepted,
)
from service.adapters.store.sending.outcomes.phone_evidence import (
    apply_phone_evidence,
    lift_after_delivery,
)
from service.adapters.store.sending.outcomes.post_date import (
    first_posted_at,
    posted_at_of,
)
from service.adapters.store.sending.outcomes.provider_ids import (
    check_provider_id,
    find_message,
)
from service.adapters.store.sending.outcomes.retry import (
    of_message,
    requeue_to_next_phone,
    schedule_retry,
)
from service.adapters.store.sending.outcomes.unbound_receipts import forget_old_receipts
from service.domain.delivery.outcome import Fault, Receipt, RefusalKind
from service.domain.delivery.pause import BREAKER_NAME
from service.domain.delivery.status import (
    FINAL_RANK,
    RANK,
    REMINDER_AFTER,
    MessageState,
    ReminderState,
)
from service.domain.reminders.reasons import OPTED_OUT

NO_FAULT = {"code": None, "kind": None}
"""Values of a message that no fault keeps from arriving."""


async def advance_message(
    connection: AsyncConnection,
    message_id: str,
    provider_id: str,
    state: MessageState,
    now: datetime,
    *,
    fault: Fault | None = None,
    dated_at: datetime | None = None,
) -> bool:
    """Move a message up to a reported state; False if it stands there or higher.

    `dated_at` is when it was accepted, by the provider's clock, if that is known.
    Its reminders become sent, with a final state delivered or failed; after a failure
    the `fault` decides whether they are sent again.
    """
    row = (
        await connection.execute(select(messages).where(_has_id(message_id)))
    ).first()
    if row is None or RANK[state] <= row.rank:
        return False
    values: dict[str, Any] = {"state": state, "rank": RANK[state], "reason": None}
    values |= {"provider_id": row.provider_id or provider_id}
    values |= {"accepted_at": row.accepted_at or now}
    values |= {"posted_at": posted_at_of(row, dated_at, now)}
    if row.asked_for is not None and row.accepted_at is None:
        values |= {"claimed_at": values["posted_at"]}  # counts for limits of that day
    values |= {"final_at": _final_at(row, state, now)}
    values |= {"code": fault.code, "kind": fault.kind} if fault else NO_FAULT
    moved = await connection.execute(
        update(messages)
        .where(_has_id(message_id), messages.c.rank < RANK[state])
        .values(**values)
    )
    if moved.rowcount:
        await _update_reminders(connection, row, state, fault, now)
    return bool(moved.rowcount)


def _final_at(before: Row[Any], state: MessageState, now: datetime) -> datetime | None:
    """When a message got its outcome: the first report of it, or of the delivery."""
    if RANK[state] < FINAL_RANK:
        return None
    was_delivered = before.rank >= RANK[MessageState.DELIVERED]
    return before.final_at if was_delivered else now


async def _mark_sent(
    connection: AsyncConnection,
    message_id: str,
    accepted_at: datetime,
    now: datetime,
) -> None:
    """Mark a message's reminders sent, as of the acceptance of their first message."""
    first = func.coalesce(reminders.c.sent_at, literal(accepted_at, Instant()))
    posted_at = first_posted_at(literal(message_id, Id()))
    values = {"sent_at": first, "posted_at": posted_at, "retry_at": None}
    where = of_message(message_id)
    await transition(connection, where, ReminderState.SENT, now, values=values)


async def _update_reminders(
    connection: AsyncConnection,
    row: Row[Any],
    state: MessageState,
    fault: Fault | None,
    now: datetime,
) -> None:
    if state in ACCEPTED_AND_NOT_FAILED:
        await give_back_needless(connection, row.id, now)
    await adopt_late_acceptance(connection, row, state, now)
    of_this = of_message(row.id)
    await _mark_sent(connection, row.id, row.accepted_at or now, now)
    after = REMINDER_AFTER[state]
    if after is ReminderState.DELIVERED:
        await transition(connection, of_this, after, now)
        await lift_after_delivery(connection, row, now)
    elif after is ReminderState.FAILED:
        await fall_back_to_accepted(connection, row.id, now)
        if fault:
            since = row.accepted_at or now
            await apply_phone_evidence(connection, row, fault, since, now)
            await _send_again(connection, row, state, fault, now)
        still_sent = of_this & (reminders.c.state == ReminderState.SENT)
        opted_out = fault is not None and fault.kind is RefusalKind.OPTED_OUT
        why = OPTED_OUT if opted_out else str(state)
        await transition(connection, still_sent, after, now, reason=why)


async def _send_again(
    connection: AsyncConnection,
    row: Row[Any],
    state: MessageState,
    fault: Fault,
    now: datetime,
) -> None:
    """Requeue what may arrive another time, or on another phone."""
    if fault.kind is RefusalKind.BAD_NUMBER:
        why = f"{state}: {fault.kind} {fault.code}"
        await requeue_to_next_phone(connection, row.id, why, now)
    await schedule_retry(connection, row.id, fault, now)


async def apply_receipt(
    connection: AsyncConnection, receipt: Receipt, now: datetime
) -> bool:
    """Store one receipt raw and move its message; return whether it moved."""
    message = await find_message(connection, receipt)
    if message is None:
        await forget_old_receipts(connection, now)
    await check_reference(connection, receipt, message, now)
    moved = False
    if message and await check_provider_id(
        connection, message, receipt.provider_id, now
    ):
        moved = await _advance_by_receipt(connection, message, receipt, now)
    await connection.execute(
        insert(receipts).values(
            provider=receipt.provider,
            provider_id=receipt.provider_id,
            message_id=message.id if message else None,
            state=receipt.state,
            code=receipt.code,
            raw=dict(receipt.raw),
            received_at=now,
            moved=moved,
        )
    )
    return moved


async def _advance_by_receipt(
    connection: AsyncConnection, message: Row[Any], receipt: Receipt, now: datetime
) -> bool:
    if receipt.state is None:
        return False
    fault = None
    if receipt.code:
        fault = Fault(receipt.kind, receipt.code, receipt.retry_after)
    moved = await advance_message(
        connection,
        message.id,
        receipt.provider_id,
        receipt.state,
        now,
        fault=fault,
        dated_at=receipt.dated_at,
    )
    if moved and receipt.kind is RefusalKind.ACCOUNT:
        await open_breaker(connection, f"account {receipt.code}: by receipt", now)
    return moved


async def open_breaker(connection: AsyncConnection, reason: str, now: datetime) -> None:
    """Pause all sending, with an alarm: the account is refused, not a message."""
    await connection.execute(
        insert_into(connection, pauses)
        .values(scope="all", since=now, by=BREAKER_NAME, reason=reason)
        .on_conflict_do_nothing()
    )
    await log_alarm(connection, BREAKER_NAME, {"reason": reason}, now)


def _has_id(message_id: str) -> ColumnElement[bool]:
    return messages.c.id == message_id
