"""Reminders that an earlier message told after all, and the message they turn to."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    ReminderEvent,
    ReminderKey,
    append_events,
    transition,
    with_keys,
)
from service.domain.delivery.status import (
    ACCEPTED_BUT_FAILED,
    ENDED_UNACCEPTED,
    REMINDER_AFTER,
    UNDER_WAY,
    MessageState,
    ReminderState,
)

ACCEPTED_AND_NOT_FAILED = frozenset(REMINDER_AFTER) - ACCEPTED_BUT_FAILED
"""A message of which the holder has, or will have, the text."""

LATE_ACCEPTANCE_REASON = "accepted after all, while the next one was under way"

_latest, _earlier = messages.alias(), messages.alias()

_LINK_OF_REMINDER = and_(
    message_reminders.c.permit_id == reminders.c.permit_id,
    message_reminders.c.expires_on == reminders.c.expires_on,
    message_reminders.c.step == reminders.c.step,
)


async def adopt_late_acceptance(
    connection: AsyncConnection,
    message_before: Row[Any],
    state: MessageState,
    now: datetime,
) -> None:
    """The provider's late word on a message, as `row` was before, that was replaced.

    Its reminders turn back to it where the later message came to nothing, so that they
    follow it. Those under way stay so, and keep that they were accepted.
    """
    if message_before.state not in ENDED_UNACCEPTED | ACCEPTED_BUT_FAILED:
        return
    worse = (
        ENDED_UNACCEPTED | ACCEPTED_BUT_FAILED
        if state in ACCEPTED_AND_NOT_FAILED
        else ENDED_UNACCEPTED
    )
    others = (await connection.execute(_select_replaced(message_before.id))).all()
    back = [_key(it) for it in others if it.latest in worse]
    await _link_to_message(connection, back, message_before.id)
    if message_before.accepted_at is None:
        busy = [it for it in others if it.state in UNDER_WAY]
        await _record_late_acceptance(connection, busy, message_before.id, now)


async def fall_back_to_accepted(
    connection: AsyncConnection, message_id: str, now: datetime
) -> None:
    """A message came to nothing: whom an earlier one told after all turns to that."""
    found = {
        _key(it): it
        for it in await connection.execute(_select_accepted_before(message_id))
    }
    by_message = defaultdict[tuple[str, MessageState], list[ReminderKey]](list)
    for key, it in found.items():
        by_message[it.id, MessageState(it.told)].append(key)
    for (earlier, state), keys in by_message.items():
        await _link_to_message(connection, keys, earlier)
        await transition(connection, with_keys(keys), ReminderState.SENT, now)
        if REMINDER_AFTER[state] is ReminderState.DELIVERED:
            await transition(connection, with_keys(keys), ReminderState.DELIVERED, now)


def _select_replaced(message_id: str) -> Select[Any]:
    """The reminders of a message that have a later one, and how that stands."""
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
    """The reminders whose latest message this is, by an earlier one; the best last."""
    return (
        select(*REMINDER_KEY, _earlier.c.id, _earlier.c.state.label("told"))
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
            update(reminders).where(with_keys(keys)).values(message_id=message_id)
        )


async def _record_late_acceptance(
    connection: AsyncConnection, busy: list[Row[Any]], message_id: str, now: datetime
) -> None:
    """Keep that they were sent, and that another message is under way all the same."""
    if not busy:
        return
    sent_at: ColumnElement[Any] = literal(now, Instant())
    await connection.execute(
        update(reminders)
        .where(with_keys(map(_key, busy)))
        .values(state_at=now, sent_at=func.coalesce(reminders.c.sent_at, sent_at))
    )
    events: list[ReminderEvent] = []
    for it in busy:
        key = _key(it)
        events += [
            (*key, now, ReminderState.SENT, None, message_id),
            (*key, now, ReminderState.RETRYING, LATE_ACCEPTANCE_REASON, message_id),
            (*key, now, ReminderState.SENDING, None, it.message_id),
        ]
        if it.state == ReminderState.UNCERTAIN:
            state = ReminderState.UNCERTAIN
            events.append((*key, now, state, it.reason, it.message_id))
    await append_events(connection, events)


def _key(row: Row[Any]) -> ReminderKey:
    return row.permit_id, row.expires_on, row.step
