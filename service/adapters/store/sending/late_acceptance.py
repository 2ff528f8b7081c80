"""Reminders that an earlier message told after all, and the message they turn to."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.reminders.transitions import (
    KEY,
    Event,
    Key,
    keep,
    move,
    these,
)
from service.domain.delivery.status import (
    IN_VAIN,
    NOT_TAKEN,
    REMINDER_AFTER,
    UNDER_WAY,
    MessageState,
    ReminderState,
)

HEARD = frozenset(REMINDER_AFTER) - IN_VAIN
"""A message of which the holder has, or will have, the text."""

AFTER_ALL = "accepted after all, while the next one was under way"

_latest, _earlier = messages.alias(), messages.alias()

_LINKED = and_(
    message_reminders.c.permit_id == reminders.c.permit_id,
    message_reminders.c.expires_on == reminders.c.expires_on,
    message_reminders.c.step == reminders.c.step,
)


async def turn_to(
    connection: AsyncConnection, row: Row[Any], state: MessageState, now: datetime
) -> None:
    """The provider's late word on a message, as `row` was before, that was replaced.

    Its reminders turn back to it where the later message came to nothing, so that they
    follow it. Those under way stay so, and keep that they were accepted.
    """
    if row.state not in NOT_TAKEN | IN_VAIN:
        return
    worse = NOT_TAKEN | IN_VAIN if state in HEARD else NOT_TAKEN
    others = (await connection.execute(_replaced(row.id))).all()
    back = [_key(it) for it in others if it.latest in worse]
    await _turn(connection, back, row.id)
    if row.accepted_at is None:
        busy = [it for it in others if it.state in UNDER_WAY]
        await _note(connection, busy, row.id, now)


async def fall_back(
    connection: AsyncConnection, message_id: str, now: datetime
) -> None:
    """A message came to nothing: whom an earlier one told after all turns to that."""
    found = {_key(it): it for it in await connection.execute(_told(message_id))}
    by_message = defaultdict[tuple[str, MessageState], list[Key]](list)
    for key, it in found.items():
        by_message[it.id, MessageState(it.told)].append(key)
    for (earlier, state), keys in by_message.items():
        await _turn(connection, keys, earlier)
        await move(connection, these(keys), ReminderState.SENT, now)
        if REMINDER_AFTER[state] is ReminderState.DELIVERED:
            await move(connection, these(keys), ReminderState.DELIVERED, now)


def _replaced(message_id: str) -> Select[Any]:
    """The reminders of a message that have a later one, and how that stands."""
    columns = (reminders.c.state, reminders.c.reason, reminders.c.message_id)
    return (
        select(*KEY, *columns, _latest.c.state.label("latest"))
        .join_from(message_reminders, reminders, _LINKED)
        .join(_latest, _latest.c.id == reminders.c.message_id)
        .where(
            message_reminders.c.message_id == message_id,
            reminders.c.message_id != message_id,
        )
    )


def _told(message_id: str) -> Select[Any]:
    """The reminders whose latest message this is, by an earlier one; the best last."""
    return (
        select(*KEY, _earlier.c.id, _earlier.c.state.label("told"))
        .join_from(reminders, message_reminders, _LINKED)
        .join(_earlier, _earlier.c.id == message_reminders.c.message_id)
        .where(
            reminders.c.message_id == message_id,
            _earlier.c.id != message_id,
            _earlier.c.state.in_(HEARD),
        )
        .order_by(_earlier.c.rank)
    )


async def _turn(connection: AsyncConnection, keys: list[Key], message_id: str) -> None:
    if keys:
        await connection.execute(
            update(reminders).where(these(keys)).values(message_id=message_id)
        )


async def _note(
    connection: AsyncConnection, busy: list[Row[Any]], message_id: str, now: datetime
) -> None:
    """Keep that they were sent, and that another message is under way all the same."""
    if not busy:
        return
    sent_at: ColumnElement[Any] = literal(now, Instant())
    await connection.execute(
        update(reminders)
        .where(these(map(_key, busy)))
        .values(state_at=now, sent_at=func.coalesce(reminders.c.sent_at, sent_at))
    )
    events: list[Event] = []
    for it in busy:
        key = _key(it)
        events += [
            (*key, now, ReminderState.SENT, None, message_id),
            (*key, now, ReminderState.RETRYING, AFTER_ALL, message_id),
            (*key, now, ReminderState.SENDING, None, it.message_id),
        ]
        if it.state == ReminderState.UNCERTAIN:
            state = ReminderState.UNCERTAIN
            events.append((*key, now, state, it.reason, it.message_id))
    await keep(connection, events)


def _key(row: Row[Any]) -> Key:
    return row.permit_id, row.expires_on, row.step
