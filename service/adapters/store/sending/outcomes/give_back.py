"""Give back messages that were claimed and never POSTed: it was no try.

The claim is undone as if it had never been: messages, their links and their events go,
and reminders are due again, or wait for their retry, as they were. All in a few
statements, however many messages there are.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    ScalarSelect,
    Table,
    bindparam,
    case,
    delete,
    func,
    null,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import (
    message_reminders,
    messages,
    reminder_events,
    reminders,
)
from service.adapters.store.db.types import database_now_plus
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    ReminderKey,
    same_reminder,
)
from service.adapters.store.sending.outcomes.late_acceptance import (
    fall_back_to_accepted,
)
from service.adapters.store.sending.outcomes.retry import bring_up_to_date
from service.domain.delivery.status import MessageState, ReminderState


async def give_back(
    connection: AsyncConnection,
    message_ids: Collection[str],
    now: datetime,
    *,
    wait_seconds: float = 0.0,
    wait_reason: str | None = None,
) -> None:
    """Undo the claim of open messages; the caller has checked that they are its own.

    Their reminders are not claimed again for `wait_seconds` on the database's clock,
    held for this reason.
    """
    if not message_ids:
        return
    for sent_before in await _messages_of_sent_reminders(connection, message_ids):
        await fall_back_to_accepted(connection, sent_before, now)
    ids = _IDS.bind(connection.dialect, message_ids)
    await _DELETE_EVENTS.run(connection, ids)
    await _DELETE_LINKS.run(connection, ids)
    if wait_seconds:
        wait = {"wait_seconds": wait_seconds, "wait_reason": wait_reason}
        back = await _RESTORE_AND_WAIT.run(connection, {**ids, **wait})
    else:
        back = await _RESTORE.run(connection, ids)
    due: list[ReminderKey] = [
        (row.permit_id, row.expires_on, row.step)
        for row in back
        if row.state == ReminderState.DUE
    ]
    await _DELETE_MESSAGES.run(connection, ids)
    await bring_up_to_date(connection, due, now)


async def give_back_needless(
    connection: AsyncConnection, arrived_id: str, now: datetime
) -> None:
    """Undo claims of new messages for reminders whose earlier one reached its holder.

    What was begun may have been POSTed, and is left alone.
    """
    found = await connection.execute(_NEEDLESS, {"arrived_id": arrived_id})
    await give_back(connection, found.scalars().all(), now)


_IDS = JsonValues(messages.c.id, "ids")

_OF_MESSAGES = reminders.c.message_id.in_(_IDS.values)

_SENT_BEFORE = Prepared(
    select(reminders.c.message_id)
    .distinct()
    .where(_OF_MESSAGES, reminders.c.sent_at.is_not(None))
)


async def _messages_of_sent_reminders(
    connection: AsyncConnection, message_ids: Collection[str]
) -> Sequence[str]:
    """Of these messages, those with a reminder that was sent before, by another."""
    ids = _IDS.bind(connection.dialect, message_ids)
    return [one.message_id for one in await _SENT_BEFORE.run(connection, ids)]


_NEEDLESS = (
    select(messages.c.id)
    .distinct()
    .join_from(reminders, messages, reminders.c.message_id == messages.c.id)
    .join(
        message_reminders,
        (message_reminders.c.permit_id == reminders.c.permit_id)
        & (message_reminders.c.expires_on == reminders.c.expires_on)
        & (message_reminders.c.step == reminders.c.step),
    )
    .where(
        message_reminders.c.message_id
        == bindparam("arrived_id", type_=message_reminders.c.message_id.type),
        messages.c.id != message_reminders.c.message_id,
        messages.c.state == MessageState.SENDING,
        messages.c.begun.is_(False),
    )
)

_DELETE_EVENTS = Prepared(
    delete(reminder_events).where(
        reminder_events.c.permit_id.in_(
            select(message_reminders.c.permit_id).where(
                message_reminders.c.message_id.in_(_IDS.values)
            )
        ),
        reminder_events.c.message_id.in_(_IDS.values),
    )
)
"""Names the permits, because events have no index of their messages."""

_DELETE_LINKS = Prepared(
    delete(message_reminders).where(message_reminders.c.message_id.in_(_IDS.values))
)

_DELETE_MESSAGES = Prepared(delete(messages).where(messages.c.id.in_(_IDS.values)))


def _last_link(name: str) -> ScalarSelect[Any]:
    return _last(message_reminders, message_reminders.c.message_id, name)


def _last_event(name: str) -> ScalarSelect[Any]:
    return _last(reminder_events, reminder_events.c.id, name)


def _last(table: Table, order: ColumnElement[Any], name: str) -> ScalarSelect[Any]:
    """A column of the reminder's last row in a table."""
    wanted = select(table.c[name]).where(same_reminder(table, reminders))
    return wanted.order_by(order.desc()).limit(1).scalar_subquery()


_restored = (
    update(reminders)
    .where(_OF_MESSAGES)
    .values(
        state=func.coalesce(_last_event("state"), ReminderState.DUE),
        state_at=func.coalesce(_last_event("at"), reminders.c.born_at),
        reason=_last_event("reason"),
        hold_reason=None,
        message_id=_last_link("message_id"),
        told_on=case(
            (_last_link("message_id").is_(None), null()),
            else_=func.coalesce(_last_link("told_on"), reminders.c.told_on),
        ),
        version_id=func.coalesce(_last_link("version_id"), reminders.c.version_id),
    )
    .returning(*REMINDER_KEY, reminders.c.state)
)

_RESTORE = Prepared(_restored)
_RESTORE_AND_WAIT = Prepared(
    _restored.values(
        retry_at=database_now_plus(bindparam("wait_seconds", type_=Float())),
        hold_reason=bindparam("wait_reason", type_=reminders.c.hold_reason.type),
    )
)
