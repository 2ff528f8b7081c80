"""What a POST came to, written down: yes, a clear no, or nobody knows."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.answers import (
    BACK_OFF,
    LONGEST_BACK_OFF,
    OPEN,
    accept,
    belongs,
    give_back,
    learn,
    of_message,
    open_breaker,
    take_receipt,
)
from service.adapters.store.moves import move
from service.adapters.store.schema import message_reminders, messages
from service.adapters.store.types import database_now
from service.domain.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.status import MessageState, ReminderState
from service.flow.rows import Outgoing


async def record(
    connection: AsyncConnection,
    owner: str,
    message: Outgoing,
    outcome: Outcome,
    now: datetime,
) -> None:
    """Write one outcome, if the message is still this owner's and this attempt."""
    mine = select(messages).where(
        messages.c.id == message.id,
        messages.c.owner == owner,
        messages.c.attempt == message.attempt,
    )
    row = (await connection.execute(mine)).first()
    if row is None:
        return
    if isinstance(outcome, Accepted):
        await _accepted(connection, row, outcome, now)
    elif row.state in OPEN:
        await _not_accepted(connection, row, outcome, now)


async def _accepted(
    connection: AsyncConnection, row: Row[Any], answer: Accepted, now: datetime
) -> None:
    """Bind the id; an answer that says more than yes is kept like a receipt."""
    if not await belongs(connection, row, answer.provider_id, now):
        return
    yes = MessageState.ACCEPTED
    await accept(connection, row.id, answer.provider_id, yes, now)
    if answer.state is not yes:
        said = {"answer": str(answer.state)}
        receipt = Receipt(row.provider, answer.provider_id, answer.state, said)
        await take_receipt(connection, receipt, now)


async def _not_accepted(
    connection: AsyncConnection,
    row: Row[Any],
    outcome: Unknown | NotPosted | Refused,
    now: datetime,
) -> None:
    message_id = row.id
    match outcome:
        case Unknown(reason):
            await _doubt(connection, message_id, reason, now)
        case NotPosted(reason):
            after = await _back_off(connection, message_id)
            await give_back(connection, message_id, reason, now, after=after)
        case Refused():
            await learn(connection, row.recipient_id, outcome.kind, now)
            await _refuse(connection, message_id, outcome, now)


async def _doubt(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Unknown from here on: this moment is the last its owner could have POSTed."""
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state == MessageState.SENDING)
        .values(state=MessageState.UNCERTAIN, reason=reason, lease_until=database_now())
    )
    await move(
        connection,
        of_message(message_id),
        ReminderState.UNCERTAIN,
        now,
        reason=reason,
    )


async def _refuse(
    connection: AsyncConnection, message_id: str, refused: Refused, now: datetime
) -> None:
    reason = f"{refused.kind} {refused.code}: {refused.reason}"
    if refused.kind in (RefusalKind.RETRY_SAFE, RefusalKind.RETRY_LATER):
        after = await _back_off(connection, message_id)
        await give_back(connection, message_id, reason, now, after=after)
    elif refused.kind is RefusalKind.ACCOUNT:
        await give_back(connection, message_id, reason, now)
        await open_breaker(connection, reason, now)
    else:
        await _end_refused(connection, message_id, refused, reason, now)


async def _back_off(connection: AsyncConnection, message_id: str) -> float:
    """Twice as long for each message this reminder has had."""
    mine = message_reminders.alias()
    trials = (
        select(func.count())
        .join_from(mine, message_reminders, _same_reminder(mine))
        .where(mine.c.message_id == message_id)
    )
    count = (await connection.execute(trials)).scalar_one()
    return min(BACK_OFF * 2.0 ** min(count - 1, 10), LONGEST_BACK_OFF)


def _same_reminder(mine: FromClause) -> ColumnElement[bool]:
    theirs = message_reminders.c
    return (
        (theirs.permit_id == mine.c.permit_id)
        & (theirs.expires_on == mine.c.expires_on)
        & (theirs.step == mine.c.step)
    )


async def _end_refused(
    connection: AsyncConnection,
    message_id: str,
    refused: Refused,
    reason: str,
    now: datetime,
) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id)
        .values(
            state=MessageState.REFUSED, reason=reason, code=refused.code, final_at=now
        )
    )
    opted_out = refused.kind is RefusalKind.OPTED_OUT
    await move(
        connection,
        of_message(message_id),
        ReminderState.SUPPRESSED if opted_out else ReminderState.FAILED,
        now,
        reason="opted out" if opted_out else f"refused: {refused.kind}",
    )
