"""What a provider answered and later said: messages move up, reminders follow."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.changed import bear_current
from service.adapters.store.moves import move
from service.adapters.store.redated import align
from service.adapters.store.schema import (
    actions,
    messages,
    pauses,
    receipts,
    recipients,
    reminders,
)
from service.adapters.store.types import in_seconds
from service.adapters.store.upsert import insert_into
from service.domain.outcome import Receipt, RefusalKind
from service.domain.status import (
    RANK,
    REMINDER_AFTER,
    MessageState,
    ReminderState,
)

BACK_OFF, LONGEST_BACK_OFF = 30.0, 3600.0
"""Seconds before a reminder is tried in a new message, doubled at every trial."""

OPEN = (MessageState.SENDING, MessageState.UNCERTAIN)
"""Under way or unknown: only these may still turn out not to have been taken."""


def of_message(message_id: str) -> ColumnElement[bool]:
    """The reminders whose latest message this is."""
    return reminders.c.message_id == message_id


async def accept(
    connection: AsyncConnection,
    message_id: str,
    provider_id: str,
    state: MessageState,
    now: datetime,
) -> bool:
    """Move a message up to a state the provider reported; False if it was there.

    Its reminders become sent with it, and delivered or failed with a final state.
    """
    final = RANK[MessageState.DELIVERED]
    row = (await connection.execute(select(messages).where(_is(message_id)))).first()
    if row is None or RANK[state] <= row.rank:
        return False
    values: dict[str, Any] = {"state": state, "rank": RANK[state], "reason": None}
    values |= {"provider_id": row.provider_id or provider_id}
    values |= {"accepted_at": row.accepted_at or now}
    final_at = row.final_at if row.rank >= final else now
    values |= {"final_at": final_at if RANK[state] >= final else None}
    moved = await connection.execute(
        update(messages)
        .where(_is(message_id), messages.c.rank < RANK[state])
        .values(**values)
    )
    if moved.rowcount:
        await _follow(connection, row, state, now)
    return bool(moved.rowcount)


async def _follow(
    connection: AsyncConnection, row: Row[Any], state: MessageState, now: datetime
) -> None:
    sent = {"sent_at": row.accepted_at or now, "retry_at": None}
    mine = of_message(row.id)
    await move(connection, mine, ReminderState.SENT, now, values=sent)
    after = REMINDER_AFTER[state]
    if after is not ReminderState.SENT:
        reason = None if after is ReminderState.DELIVERED else str(state)
        await move(connection, mine, after, now, reason=reason)


async def take_receipt(
    connection: AsyncConnection, receipt: Receipt, now: datetime
) -> bool:
    """Keep one receipt raw and let its message follow; whether it moved."""
    message = await _message_of(connection, receipt)
    moved = False
    if message and await belongs(connection, message, receipt.provider_id, now):
        moved = await _apply(connection, message, receipt, now)
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


async def _apply(
    connection: AsyncConnection, message: Row[Any], receipt: Receipt, now: datetime
) -> bool:
    if receipt.state is None:
        return False
    moved = await accept(
        connection, message.id, receipt.provider_id, receipt.state, now
    )
    if moved and receipt.code:
        await connection.execute(
            update(messages).where(_is(message.id)).values(code=receipt.code)
        )
        await learn(connection, message.recipient_id, receipt.kind, now)
        if receipt.kind is RefusalKind.ACCOUNT:
            await open_breaker(connection, f"account {receipt.code}: by receipt", now)
    return moved


async def learn(
    connection: AsyncConnection,
    recipient_id: str,
    kind: RefusalKind | None,
    now: datetime,
) -> None:
    """Remember what a refusal says of the phone itself."""
    learnt = {
        RefusalKind.OPTED_OUT: {"opted_out_at": now},
        RefusalKind.BAD_NUMBER: {"unreachable_at": now},
    }
    values = learnt.get(kind) if kind else None
    if values:
        await connection.execute(
            update(recipients).where(recipients.c.id == recipient_id).values(**values)
        )


async def open_breaker(connection: AsyncConnection, reason: str, now: datetime) -> None:
    """Stop all sending: the provider refuses the account, not a message."""
    await connection.execute(
        insert_into(connection, pauses)
        .values(scope="all", since=now, by="breaker", reason=reason)
        .on_conflict_do_nothing()
    )
    await alarm(connection, "breaker", {"reason": reason}, now)


async def alarm(
    connection: AsyncConnection, what: str, detail: dict[str, str], now: datetime
) -> None:
    """Write down what somebody must look at."""
    await connection.execute(
        insert(actions).values(at=now, by="service", what=what, detail=detail)
    )


async def give_back(
    connection: AsyncConnection,
    message_id: str,
    reason: str,
    now: datetime,
    *,
    after: float = 0.0,
    counts: bool = False,
) -> None:
    """The message was provably not taken: its reminders are due again.

    Unless the provider's word came meanwhile: a message that is decided stays so.
    `after` is a back-off in seconds of the database's clock; `counts` marks a return
    that may happen only once.
    """
    given_up = await connection.execute(
        update(messages)
        .where(_is(message_id), messages.c.state.in_(OPEN))
        .values(state=MessageState.NOT_ACCEPTED, reason=reason)
    )
    if not given_up.rowcount:
        return
    values: dict[str, Any] = {"retry_at": in_seconds(literal(after)), "next_at": now}
    if counts:
        values["returned"] = reminders.c.returned + 1
    back = await move(
        connection,
        of_message(message_id),
        ReminderState.DUE,
        now,
        reason=reason,
        values=values,
    )
    await align(connection, back, now)
    await bear_current(connection, [key[0] for key in back], now)


async def belongs(
    connection: AsyncConnection, message: Row[Any], provider_id: str, now: datetime
) -> bool:
    """Whether a provider's id is this message's; what must not be alarms somebody.

    A second id for one message, an id that is another message's, and a word on a
    message that was given up.
    """
    detail = {"message": message.id, "provider_id": provider_id}
    if message.provider_id not in (None, provider_id):
        await alarm(connection, "second provider id", detail, now)
        return False
    owner = await _owner_of(connection, message.provider, provider_id)
    if owner is not None and owner.id != message.id:
        await alarm(connection, "id of another message", detail, now)
        return False
    if message.state in (MessageState.NOT_ACCEPTED, MessageState.REFUSED):
        await alarm(connection, "accepted after all", detail, now)
    return True


async def _message_of(connection: AsyncConnection, receipt: Receipt) -> Row[Any] | None:
    """By the provider's id first, then by our own from the callback URL.

    Two messages alike may have been settled crosswise: then their ids have the say.
    """
    found = await _owner_of(connection, receipt.provider, receipt.provider_id)
    if found is not None or receipt.ref is None:
        return found
    ours = select(messages).where(
        _is(receipt.ref), messages.c.provider == receipt.provider
    )
    return (await connection.execute(ours)).first()


async def _owner_of(
    connection: AsyncConnection, provider: str, provider_id: str
) -> Row[Any] | None:
    theirs = select(messages).where(
        messages.c.provider == provider, messages.c.provider_id == provider_id
    )
    return (await connection.execute(theirs)).first()


def _is(message_id: str) -> ColumnElement[bool]:
    return messages.c.id == message_id
