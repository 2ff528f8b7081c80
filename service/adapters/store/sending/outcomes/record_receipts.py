"""Record receipts in their order, those that bring plain good news many at once.

Good news: the text goes its way, or has arrived. It is plain if the provider's id is
that of an accepted message whose reminders are `sent`, so that nothing follows but
higher states. All other receipts are applied one by one, between them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import bindparam, exists, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonQuery, JsonValues, json_rows_like
from service.adapters.store.db.schema import messages, receipts, recipients, reminders
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    append_events_statement,
)
from service.adapters.store.sending.outcomes.late_acceptance import (
    ACCEPTED_AND_NOT_FAILED,
)
from service.adapters.store.sending.outcomes.provider_status import (
    NO_FAULT,
    apply_receipt,
)
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import (
    FINAL_RANK,
    RANK,
    REMINDER_AFTER,
    MessageState,
    ReminderState,
)

MessageKey = tuple[str, str]
"""A provider and its id of a message."""

PlainMessages = Mapping[MessageKey | None, Any]
"""Id and rank of each message whose good news is plain."""


async def record_receipts(
    connection: AsyncConnection, received: Sequence[Receipt], now: datetime
) -> int:
    """Store receipts raw and move their messages up; count those that moved one."""
    moved, rest = 0, received
    while rest:
        plain = await _load_plain_messages(connection, rest)
        first = _take(rest, plain, are_plain=True)
        moved += await _record_plain(connection, first, plain, now)
        others = _take(rest[len(first) :], plain, are_plain=False)
        moved += sum([await apply_receipt(connection, one, now) for one in others])
        rest = rest[len(first) + len(others) :]
    return moved


def _take(
    received: Sequence[Receipt], plain: PlainMessages, *, are_plain: bool
) -> list[Receipt]:
    """The first receipts, as long as they are plain good news, or are not."""
    return list(takewhile(lambda one: _is_plain(one, plain) == are_plain, received))


def _is_plain(receipt: Receipt, plain: PlainMessages) -> bool:
    """Whether it is plain good news; not if our id in it is that of another message."""
    message = plain.get(_good_news(receipt))
    return message is not None and receipt.message_id in (None, message.id)


def _good_news(receipt: Receipt) -> MessageKey | None:
    """The message of a receipt without a fault; None if it has one, or no state."""
    has_fault = receipt.code or receipt.kind
    if receipt.state not in ACCEPTED_AND_NOT_FAILED or has_fault:
        return None
    return receipt.provider, receipt.provider_id


_KEYS = json_rows_like(messages, ("provider", "provider_id"))

_PLAIN_MESSAGES = JsonQuery(
    select(messages.c.id, messages.c.provider, messages.c.provider_id, messages.c.rank)
    .join_from(messages, recipients)
    .where(
        messages.c.provider == _KEYS["provider"],
        messages.c.provider_id == _KEYS["provider_id"],
        messages.c.state.in_((MessageState.ACCEPTED, MessageState.SENT)),
        # A delivery makes an unreachable phone reachable, with all that follows.
        recipients.c.unreachable_at.is_(None),
        ~exists().where(
            reminders.c.message_id == messages.c.id,
            reminders.c.state != ReminderState.SENT,
        ),
    )
)


async def _load_plain_messages(
    connection: AsyncConnection, received: Sequence[Receipt]
) -> PlainMessages:
    keys = {key for key in map(_good_news, received) if key}
    if not keys:
        return {}
    parameters = _KEYS.bind(connection.dialect, sorted(keys))
    rows = await _PLAIN_MESSAGES.rows(connection, parameters)
    return {(row.provider, row.provider_id): row for row in rows}


async def _record_plain(
    connection: AsyncConnection,
    received: Sequence[Receipt],
    plain: PlainMessages,
    now: datetime,
) -> int:
    """Record plain good news; count the receipts that moved their message."""
    if not received:
        return 0
    states = dict[str, MessageState]()
    stored = list[tuple[object, ...]]()
    for one in received:
        message, state = plain[_good_news(one)], MessageState(str(one.state))
        before = states.get(message.id)
        moved = RANK[state] > (message.rank if before is None else RANK[before])
        if moved:
            states[message.id] = state
        row = (one.provider, one.provider_id, message.id, state, None)
        stored.append((*row, dict(one.raw), now, moved))
    await _move_up(connection, states, now)
    parameters = _RECEIPTS.bind(connection.dialect, stored)
    await connection.execute(_INSERT_RECEIPTS, parameters)
    return sum(bool(row[-1]) for row in stored)


async def _move_up(
    connection: AsyncConnection, states: Mapping[str, MessageState], now: datetime
) -> None:
    """Move messages to these states; reminders of those that arrived are delivered."""
    if not states:
        return
    moves = [
        (message_id, state, RANK[state], now if RANK[state] >= FINAL_RANK else None)
        for message_id, state in states.items()
    ]
    await connection.execute(_SET_STATES, _MOVES.bind(connection.dialect, moves))
    delivered = [
        message_id
        for message_id, state in states.items()
        if REMINDER_AFTER[state] is ReminderState.DELIVERED
    ]
    if delivered:
        parameters = _DELIVERED.bind(connection.dialect, delivered) | {"now": now}
        await connection.execute(_SET_DELIVERED, parameters)
        await connection.execute(_APPEND_EVENTS, parameters)


_MOVES = json_rows_like(messages, ("id", "state", "rank", "final_at"))

_SET_STATES = (
    update(messages)
    .where(messages.c.id == _MOVES["id"], messages.c.rank < _MOVES["rank"])
    .values(
        state=_MOVES["state"],
        rank=_MOVES["rank"],
        final_at=_MOVES["final_at"],
        reason=None,
        **NO_FAULT,
    )
)

_DELIVERED = JsonValues(reminders.c.message_id, "delivered")

_OF_DELIVERED = reminders.c.message_id.in_(_DELIVERED.values)
_NOW = bindparam("now", type_=reminders.c.state_at.type)

_SET_DELIVERED = (
    update(reminders)
    .where(_OF_DELIVERED, reminders.c.state == ReminderState.SENT)
    .values(state=ReminderState.DELIVERED, reason=None, hold_reason=None, state_at=_NOW)
)

# Selects all that are delivered: each reminder of these messages was `sent` until now.
_APPEND_EVENTS = append_events_statement(
    select(
        *REMINDER_KEY, _NOW, reminders.c.state, null(), reminders.c.message_id
    ).where(_OF_DELIVERED, reminders.c.state == ReminderState.DELIVERED)
)

_RECEIPTS = json_rows_like(
    receipts,
    (
        *("provider", "provider_id", "message_id", "state", "code", "raw"),
        *("received_at", "moved"),
    ),
)

_INSERT_RECEIPTS = insert(receipts).from_select(
    _RECEIPTS.column_names, select(_RECEIPTS.table)
)
