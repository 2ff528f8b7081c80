"""Reminders that are sent again: requeued, held for a route, retried, next phone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import messages, reminders
from service.adapters.store.db.types import database_now_plus
from service.adapters.store.permits.follow_up import create_current_reminders
from service.adapters.store.reminders.candidates import phones_of
from service.adapters.store.reminders.redate import redate_reminders
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    ReminderKey,
    transition,
    with_keys,
)
from service.adapters.store.sending.outcomes.late_acceptance import (
    fall_back_to_accepted,
)
from service.domain.delivery.outcome import Fault
from service.domain.delivery.retry import RETRY_DELAYS, retry_delay
from service.domain.delivery.status import CLAIMABLE, MessageState, ReminderState
from service.domain.permits.phone import choose_texted
from service.domain.reminders.reasons import NO_ROUTE

OPEN_STATES = (MessageState.SENDING, MessageState.UNCERTAIN)
"""States of messages that may still prove to have been not accepted."""


def of_message(message_id: str) -> ColumnElement[bool]:
    """Condition: the reminder's latest message is this one."""
    return reminders.c.message_id == message_id


async def requeue(
    connection: AsyncConnection,
    message_id: str,
    reason: str,
    now: datetime,
    *,
    back_off_seconds: float = 0.0,
    count_return: bool = False,
) -> None:
    """Mark a message not accepted, and make its reminders due again.

    Does nothing if the message has an outcome by now. The reminders wait for
    `back_off_seconds` on the database's clock; `next_at` stays, so that they are not
    put behind later ones. `count_return` counts a return that may happen only once.
    """
    closed = await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state.in_(OPEN_STATES))
        .values(state=MessageState.NOT_ACCEPTED, reason=reason)
    )
    if not closed.rowcount:
        return
    await fall_back_to_accepted(connection, message_id, now)
    next_at = case((reminders.c.next_at > now, now), else_=reminders.c.next_at)
    values: dict[str, Any] = {
        "retry_at": database_now_plus(literal(back_off_seconds)),
        "next_at": next_at,
    }
    if count_return:
        values["returned"] = reminders.c.returned + 1
    await _make_due_again(connection, of_message(message_id), reason, now, values)


async def requeue_to_next_phone(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Make reminders due again whose permit has another phone that can be texted.

    For a message to an unassigned number. A reminder that was accepted before is sent
    again only as often as after a temporary failure.
    """
    wanted = select(*REMINDER_KEY).where(
        of_message(message_id),
        reminders.c.sent_at.is_(None) | (reminders.c.retries < len(RETRY_DELAYS)),
    )
    keys: list[ReminderKey] = [
        (row[0], row[1], row[2]) for row in await connection.execute(wanted)
    ]
    phones = await phones_of(connection, [key[0] for key in keys])
    others = [key for key in keys if _may_be_texted(phones.get(key[0], []))]
    if others:
        why = f"{reason}; on to the next number"
        again = case((reminders.c.sent_at.is_not(None), 1), else_=0)
        values = {"next_at": now, "retries": reminders.c.retries + again}
        await _make_due_again(connection, with_keys(others), why, now, values)


async def hold_no_route(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Hold reminders to a number without a route, until an operator resumes sending."""
    values = {"next_at": reminders.c.until_at, "hold_reason": NO_ROUTE}
    await _make_due_again(connection, of_message(message_id), reason, now, values)


async def retry_no_route(connection: AsyncConnection, now: datetime) -> int:
    """Release reminders held for want of a route; count them."""
    held = update(reminders).where(
        reminders.c.state.in_(CLAIMABLE), reminders.c.hold_reason == NO_ROUTE
    )
    released = held.values(next_at=now, hold_reason=None)
    return (await connection.execute(released)).rowcount


async def schedule_retry(
    connection: AsyncConnection, message_id: str, fault: Fault, now: datetime
) -> None:
    """Send reminders again after a temporary failure, unless their step ends first."""
    for retries in range(len(RETRY_DELAYS)):
        wait = retry_delay(fault.kind, retries, fault.retry_after)
        if wait is None:
            return
        retryable = (
            of_message(message_id)
            & (reminders.c.retries == retries)
            & (reminders.c.until_at > now + wait)
        )
        await transition(
            connection,
            retryable,
            ReminderState.RETRYING,
            now,
            reason=f"{fault.kind} {fault.code}",
            values={"next_at": now + wait, "retry_at": None, "retries": retries + 1},
        )


async def _make_due_again(
    connection: AsyncConnection,
    where: ColumnElement[bool],
    reason: str,
    now: datetime,
    values: dict[str, Any],
) -> None:
    """Make reminders due, or `retrying` if a provider accepted them before."""
    await transition(
        connection,
        where & reminders.c.sent_at.is_not(None),
        ReminderState.RETRYING,
        now,
        reason=reason,
        values=values,
    )
    back = await transition(
        connection,
        where & reminders.c.sent_at.is_(None),
        ReminderState.DUE,
        now,
        reason=reason,
        values=values,
    )
    await bring_up_to_date(connection, back, now)


async def bring_up_to_date(
    connection: AsyncConnection, keys: Sequence[ReminderKey], now: datetime
) -> None:
    """Give reminders that are due again their present dates, and the step that is due.

    The law may have changed while they were under way, and time may have moved on to a
    later step.
    """
    redated = await redate_reminders(connection, keys, now)
    over = await connection.execute(
        select(reminders.c.permit_id).where(
            with_keys(keys), reminders.c.until_at <= now
        )
    )
    permits = {permit_id for permit_id, _, _ in redated} | set(over.scalars())
    await create_current_reminders(connection, sorted(permits), now)


def _may_be_texted(phones: Sequence[Any]) -> bool:
    phone = choose_texted(phones)
    return phone is not None and phone.opted_out_at is None
