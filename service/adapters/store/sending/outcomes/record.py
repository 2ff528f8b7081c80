"""Record the outcome of POSTs: accepted, refused, not posted, or unknown."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from random import random
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.db.types import database_now
from service.adapters.store.reminders.transitions import (
    same_reminder,
    transition,
)
from service.adapters.store.sending.outcomes.give_back import give_back
from service.adapters.store.sending.outcomes.late_acceptance import (
    fall_back_to_accepted,
)
from service.adapters.store.sending.outcomes.phone_evidence import apply_phone_evidence
from service.adapters.store.sending.outcomes.provider_ids import check_provider_id
from service.adapters.store.sending.outcomes.provider_status import (
    advance_message,
    apply_receipt,
    open_breaker,
)
from service.adapters.store.sending.outcomes.record_accepted import (
    plain_acceptances,
    record_accepted,
)
from service.adapters.store.sending.outcomes.retry import (
    OPEN_STATES,
    hold_no_route,
    of_message,
    requeue,
    requeue_to_next_phone,
)
from service.domain.delivery.outcome import (
    Accepted,
    Fault,
    NotPosted,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.retry import back_off
from service.domain.delivery.status import UNDER_WAY, MessageState, ReminderState
from service.domain.reminders.reasons import OPTED_OUT
from service.flow.sending.provider import Outgoing


async def record(
    connection: AsyncConnection,
    owner: str,
    outcomes: Sequence[tuple[Outgoing, Outcome]],
    now: datetime,
) -> None:
    """Record outcomes of messages that still belong to this owner and attempt.

    Most are plain acceptances, which are recorded together, and so are messages that
    were not POSTed; all others one by one.
    """
    accepted = await record_accepted(
        connection, owner, plain_acceptances(outcomes), now
    )
    others = [pair for pair in outcomes if pair[0].id not in accepted]
    rows = await _load_own(connection, owner, [message for message, _ in others])
    not_posted = defaultdict[NotPosted, list[str]](list)
    for message, outcome in others:
        row = rows.get(message.id)
        if row is None:
            continue
        if isinstance(outcome, Accepted):
            await _record_other_acceptance(connection, row, outcome, now)
        elif row.state not in OPEN_STATES:
            continue
        elif isinstance(outcome, NotPosted):
            not_posted[outcome].append(row.id)
        else:
            await _record_not_accepted(connection, row, outcome, now)
    for why, ids in not_posted.items():
        await give_back(
            connection,
            ids,
            now,
            wait_seconds=why.retry_after,
            wait_reason=why.reason,
        )


_IDS = JsonValues(messages.c.id, "ids")

_WANTED = ("id", "attempt", "state", "provider", "provider_id", "recipient_id")

_OWN_MESSAGES = select(*[messages.c[name] for name in _WANTED]).where(
    messages.c.id.in_(_IDS.values),
    messages.c.owner == bindparam("claimed_by", type_=messages.c.owner.type),
)


async def _load_own(
    connection: AsyncConnection, owner: str, posted: Sequence[Outgoing]
) -> dict[str, Row[Any]]:
    """The rows of messages that still belong to this owner and attempt, by id."""
    if not posted:
        return {}
    attempts = {message.id: message.attempt for message in posted}
    parameters = _IDS.bind(connection.dialect, attempts) | {"claimed_by": owner}
    return {
        row.id: row
        for row in await connection.execute(_OWN_MESSAGES, parameters)
        if row.attempt == attempts[row.id]
    }


async def _record_other_acceptance(
    connection: AsyncConnection, row: Row[Any], answer: Accepted, now: datetime
) -> None:
    """Bind the provider id; store an answer with a further state like a receipt."""
    if not await check_provider_id(connection, row, answer.provider_id, now):
        return
    accepted, dated_at = MessageState.ACCEPTED, answer.dated_at
    await advance_message(
        connection, row.id, answer.provider_id, accepted, now, dated_at=dated_at
    )
    if answer.state is not accepted:
        raw = {"answer": str(answer.state)}
        receipt = Receipt(row.provider, answer.provider_id, answer.state, raw)
        await apply_receipt(connection, receipt, now)


async def _record_not_accepted(
    connection: AsyncConnection,
    row: Row[Any],
    outcome: Unknown | Refused,
    now: datetime,
) -> None:
    message_id = row.id
    match outcome:
        case Unknown(reason):
            await _mark_uncertain(connection, message_id, reason, now)
        case Refused():
            fault = Fault(outcome.kind, outcome.code)
            await apply_phone_evidence(connection, row, fault, now, now)
            await _record_refusal(connection, message_id, outcome, now)


async def _mark_uncertain(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Mark a message uncertain; its owner could have POSTed it until this moment."""
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state == MessageState.SENDING)
        .values(state=MessageState.UNCERTAIN, reason=reason, lease_until=database_now())
    )
    await transition(
        connection,
        of_message(message_id),
        ReminderState.UNCERTAIN,
        now,
        reason=reason,
    )


async def _record_refusal(
    connection: AsyncConnection, message_id: str, refused: Refused, now: datetime
) -> None:
    reason = f"{refused.kind} {refused.code}: {refused.reason}"
    if refused.kind in (RefusalKind.RETRY_SAFE, RefusalKind.RETRY_LATER):
        seconds = await _back_off(connection, message_id, refused.retry_after)
        await requeue(connection, message_id, reason, now, back_off_seconds=seconds)
    elif refused.kind is RefusalKind.ACCOUNT:
        await requeue(connection, message_id, reason, now)
        await open_breaker(connection, reason, now)
    else:
        await _end_refused(connection, message_id, refused, reason, now)


async def _back_off(
    connection: AsyncConnection, message_id: str, retry_after: float | None
) -> float:
    """Seconds to wait, by the number of messages that its first reminder has had."""
    first = message_reminders.alias()
    tries = (
        select(func.count())
        .join_from(first, message_reminders, same_reminder(message_reminders, first))
        .where(first.c.message_id == message_id, first.c.position == 0)
    )
    count = (await connection.execute(tries)).scalar_one()
    return back_off(int(count), random(), retry_after)  # noqa: S311 - no secret


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
            state=MessageState.REFUSED,
            reason=reason,
            code=refused.code,
            kind=refused.kind,
            final_at=now,
        )
    )
    await fall_back_to_accepted(connection, message_id, now)
    under_way = of_message(message_id) & reminders.c.state.in_(UNDER_WAY)
    if refused.kind is RefusalKind.BAD_NUMBER:
        await requeue_to_next_phone(connection, message_id, reason, now)
    if refused.kind is RefusalKind.ROUTE:
        await hold_no_route(connection, message_id, reason, now)
    if refused.kind is RefusalKind.OPTED_OUT:
        never_sent = under_way & reminders.c.sent_at.is_(None)
        ended = ReminderState.SUPPRESSED
        await transition(connection, never_sent, ended, now, reason=OPTED_OUT)
    why = f"refused: {refused.kind}"
    await transition(connection, under_way, ReminderState.FAILED, now, reason=why)
