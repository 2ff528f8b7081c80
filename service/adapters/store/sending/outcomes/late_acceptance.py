"""Late acceptance: an earlier message of a reminder was accepted after all."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.db.types import Id, Instant
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    ReminderEvent,
    ReminderKey,
    append_events,
    same_reminder,
    transition,
    with_keys,
)
from service.adapters.store.sending.outcomes.post_date import first_posted_at
from service.domain.delivery.status import (
    ACCEPTED_BUT_FAILED,
    ENDED_UNACCEPTED,
    REMINDER_AFTER,
    UNDER_WAY,
    MessageState,
    ReminderState,
)

ACCEPTED_AND_NOT_FAILED = frozenset(REMINDER_AFTER) - ACCEPTED_BUT_FAILED
"""States of messages whose text the holder has, or will have."""

LATE_ACCEPTANCE_REASON = "accepted after all, while the next one was under way"

_latest, _earlier = messages.alias(), messages.alias()

_LINK_OF_REMINDER = same_reminder(message_reminders, reminders)


async def adopt_late_acceptance(
    connection: AsyncConnection,
    message_before: Row[Any],
    state: MessageState,
    now: datetime,
) -> None:
    """Let reminders follow a replaced message that was accepted after all.

    `message_before` is its row before it moved to `state`. Reminders whose later
    message failed are linked to it again. Those whose later message is under way stay
    there, with events that tell of the acceptance.
    """
    if message_before.state not in ENDED_UNACCEPTED | ACCEPTED_BUT_FAILED:
        return
    worse = (
        ENDED_UNACCEPTED | ACCEPTED_BUT_FAILED
        if state in ACCEPTED_AND_NOT_FAILED
        else ENDED_UNACCEPTED
    )
    others = (await connection.execute(_select_replaced(message_before.id))).all()
    failed = [_key(row) for row in others if row.latest in worse]
    await _link_to_message(connection, failed, message_before.id)
    if message_before.accepted_at is None:
        under_way = [row for row in others if row.state in UNDER_WAY]
        await _record_late_acceptance(connection, under_way, message_before.id, now)


async def fall_back_to_accepted(
    connection: AsyncConnection, message_id: str, now: datetime
) -> None:
    """After a message failed, link its reminders to an earlier accepted one."""
    found = {
        _key(row): row
        for row in await connection.execute(_select_accepted_before(message_id))
    }
    by_message = defaultdict[tuple[str, MessageState], list[ReminderKey]](list)
    for key, row in found.items():
        by_message[row.id, MessageState(row.earlier_state)].append(key)
    for (earlier, state), keys in by_message.items():
        await _link_to_message(connection, keys, earlier)
        await transition(connection, with_keys(keys), ReminderState.SENT, now)
        if REMINDER_AFTER[state] is ReminderState.DELIVERED:
            await transition(connection, with_keys(keys), ReminderState.DELIVERED, now)


def _select_replaced(message_id: str) -> Select[Any]:
    """Select the reminders of a message that have a later one, and its state."""
    columns = (reminders.c.state, reminders.c.reason, reminders.c.message_id)
    return (
        select(*REMINDER_KEY, *columns, _latest.c.state.label("latest"))
        .join_from(message_reminders, reminders, _LINK_OF_REMINDER)
        .join(_latest, _latest.c.id == reminders.c.message_id)
        .where(
            message_reminders.c.message_id == message_id,
            reminders.c.message_id != message_id,
        )
    )


def _select_accepted_before(message_id: str) -> Select[Any]:
    """Select reminders of a message with an accepted earlier one, the best last."""
    return (
        select(*REMINDER_KEY, _earlier.c.id, _earlier.c.state.label("earlier_state"))
        .join_from(reminders, message_reminders, _LINK_OF_REMINDER)
        .join(_earlier, _earlier.c.id == message_reminders.c.message_id)
        .where(
            reminders.c.message_id == message_id,
            _earlier.c.id != message_id,
            _earlier.c.state.in_(ACCEPTED_AND_NOT_FAILED),
        )
        .order_by(_earlier.c.rank)
    )


async def _link_to_message(
    connection: AsyncConnection, keys: list[ReminderKey], message_id: str
) -> None:
    if keys:
        await connection.execute(
            update(reminders)
            .where(with_keys(keys))
            .values(
                message_id=message_id,
                told_on=_told_by(message_id, "told_on"),
                version_id=_told_by(message_id, "version_id"),
            )
        )


def _told_by(message_id: str, name: str) -> ColumnElement[Any]:
    """What a message told of the reminder; what is stored if its link does not say."""
    link = message_reminders.c
    wanted = select(link[name]).where(_LINK_OF_REMINDER, link.message_id == message_id)
    return func.coalesce(wanted.scalar_subquery(), reminders.c[name])


async def _record_late_acceptance(
    connection: AsyncConnection, rows: list[Row[Any]], message_id: str, now: datetime
) -> None:
    """Record that reminders were sent although another message is under way."""
    if not rows:
        return
    sent_at: ColumnElement[Any] = literal(now, Instant())
    await connection.execute(
        update(reminders)
        .where(with_keys(map(_key, rows)))
        .values(
            state_at=now,
            sent_at=func.coalesce(reminders.c.sent_at, sent_at),
            posted_at=first_posted_at(literal(message_id, Id())),
        )
    )
    events: list[ReminderEvent] = []
    for row in rows:
        key = _key(row)
        events += [
            (*key, now, ReminderState.SENT, None, message_id),
            (*key, now, ReminderState.RETRYING, LATE_ACCEPTANCE_REASON, message_id),
            (*key, now, ReminderState.SENDING, None, row.message_id),
        ]
        if row.state == ReminderState.UNCERTAIN:
            state = ReminderState.UNCERTAIN
            events.append((*key, now, state, row.reason, row.message_id))
    await append_events(connection, events)


def _key(row: Row[Any]) -> ReminderKey:
    return row.permit_id, row.expires_on, row.step
