"""Reminders sent again: not taken, failed in passing, or on to the next phone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import messages, reminders
from service.adapters.store.db.types import database_now_plus
from service.adapters.store.permits.follow_up import create_current_reminders
from service.adapters.store.reminders.candidates import choose_phone, phones_of
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
from service.domain.permits.phone import PhoneLine
from service.domain.reminders.reasons import NO_ROUTE

OPEN_STATES = (MessageState.SENDING, MessageState.UNCERTAIN)
"""Under way or unknown: only these may still turn out not to have been taken."""


def of_message(message_id: str) -> ColumnElement[bool]:
    """The reminders whose latest message this is."""
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
    """The message was provably not taken: its reminders are due again.

    Unless the provider's word came meanwhile: a message that is decided stays so.
    `after` is a back-off in seconds of the database's clock; `counts` marks a return
    that may happen only once. Since when they could have been sent stays as it was.
    """
    given_up = await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state.in_(OPEN_STATES))
        .values(state=MessageState.NOT_ACCEPTED, reason=reason)
    )
    if not given_up.rowcount:
        return
    await fall_back_to_accepted(connection, message_id, now)
    since = case((reminders.c.next_at > now, now), else_=reminders.c.next_at)
    values: dict[str, Any] = {
        "retry_at": database_now_plus(literal(back_off_seconds)),
        "next_at": since,
    }
    if count_return:
        values["returned"] = reminders.c.returned + 1
    await _make_due_again(connection, of_message(message_id), reason, now, values)


async def requeue_to_next_phone(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Its number is nobody's: permits with another phone are texted there.

    What was accepted before is sent again only as often as after a fault of a carrier.
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
    """No way leads to its number until somebody opens one: its reminders wait."""
    values = {"next_at": reminders.c.until_at, "hold_reason": NO_ROUTE}
    await _make_due_again(connection, of_message(message_id), reason, now, values)


async def retry_no_route(connection: AsyncConnection, now: datetime) -> int:
    """Somebody may have opened a way: what waits for one is tried again; how many."""
    waiting = update(reminders).where(
        reminders.c.state.in_(CLAIMABLE), reminders.c.hold_reason == NO_ROUTE
    )
    freed = waiting.values(next_at=now, hold_reason=None)
    return (await connection.execute(freed)).rowcount


async def schedule_retry(
    connection: AsyncConnection, message_id: str, fault: Fault, now: datetime
) -> None:
    """It failed in passing: a new message follows, if it is not too late."""
    for retries in range(len(RETRY_DELAYS)):
        wait = retry_delay(fault.kind, retries, fault.retry_after)
        if wait is None:
            return
        mine = (
            of_message(message_id)
            & (reminders.c.retries == retries)
            & (reminders.c.until_at > now + wait)
        )
        await transition(
            connection,
            mine,
            ReminderState.RETRYING,
            now,
            reason=f"{fault.kind} {fault.code}",
            values={"next_at": now + wait, "retry_at": None, "retries": retries + 1},
        )


async def _make_due_again(
    connection: AsyncConnection,
    mine: ColumnElement[bool],
    reason: str,
    now: datetime,
    values: dict[str, Any],
) -> None:
    """Back to where it was begun from: due, or accepted before and to be sent again."""
    await transition(
        connection,
        mine & reminders.c.sent_at.is_not(None),
        ReminderState.RETRYING,
        now,
        reason=reason,
        values=values,
    )
    back = await transition(
        connection,
        mine & reminders.c.sent_at.is_(None),
        ReminderState.DUE,
        now,
        reason=reason,
        values=values,
    )
    await redate_reminders(connection, back, now)
    await create_current_reminders(connection, [key[0] for key in back], now)


def _may_be_texted(phones: Sequence[Any]) -> bool:
    phone = choose_phone(phones)
    return (
        phone is not None
        and phone.line == PhoneLine.MOBILE
        and phone.unreachable_at is None
        and phone.opted_out_at is None
    )
