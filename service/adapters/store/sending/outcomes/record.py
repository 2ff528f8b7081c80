"""What a POST came to, written down: yes, a clear no, or nobody knows."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import random
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.schema import message_reminders, messages, reminders
from service.adapters.store.db.types import database_now
from service.adapters.store.reminders.transitions import transition
from service.adapters.store.sending.outcomes.late_acceptance import (
    fall_back_to_accepted,
)
from service.adapters.store.sending.outcomes.phone_evidence import apply_phone_evidence
from service.adapters.store.sending.outcomes.provider_status import (
    advance_message,
    apply_receipt,
    check_provider_id,
    open_breaker,
)
from service.adapters.store.sending.outcomes.record_accepted import record_accepted
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
    """Write outcomes of messages that are still this owner's and this attempt.

    A plain yes is the rule: all of those take a few statements together.
    """
    accepted = await record_accepted(
        connection, owner, _plain_acceptances(outcomes), now
    )
    others = [(one, it) for one, it in outcomes if one.id not in accepted]
    rows = await _load_own(connection, owner, [one for one, _ in others])
    for one, outcome in others:
        if row := rows.get(one.id):
            if isinstance(outcome, Accepted):
                await _record_other_acceptance(connection, row, outcome, now)
            elif row.state in OPEN_STATES:
                await _not_accepted(connection, row, outcome, now)


def _plain_acceptances(
    outcomes: Sequence[tuple[Outgoing, Outcome]],
) -> list[tuple[str, int, str]]:
    """Each yes that says no more than that, under a name given once."""
    said = [(one, it) for one, it in outcomes if isinstance(it, Accepted)]
    given = Counter(it.provider_id for _, it in said)
    return [
        (one.id, one.attempt, it.provider_id)
        for one, it in said
        if it.state is MessageState.ACCEPTED and given[it.provider_id] == 1
    ]


_IDS = JsonValues(messages.c.id, "ids")

_WANTED = ("id", "attempt", "state", "provider", "provider_id", "recipient_id")

_OWN_MESSAGES = select(*[messages.c[name] for name in _WANTED]).where(
    messages.c.id.in_(_IDS.values),
    messages.c.owner == bindparam("me", type_=messages.c.owner.type),
)


async def _load_own(
    connection: AsyncConnection, owner: str, messages_of: Sequence[Outgoing]
) -> dict[str, Row[Any]]:
    if not messages_of:
        return {}
    attempts = {one.id: one.attempt for one in messages_of}
    asked = _IDS.bind(connection.dialect, attempts) | {"me": owner}
    return {
        row.id: row
        for row in await connection.execute(_OWN_MESSAGES, asked)
        if row.attempt == attempts[row.id]
    }


async def _record_other_acceptance(
    connection: AsyncConnection, row: Row[Any], answer: Accepted, now: datetime
) -> None:
    """Bind the id; an answer that says more than yes is kept like a receipt."""
    if not await check_provider_id(connection, row, answer.provider_id, now):
        return
    yes = MessageState.ACCEPTED
    await advance_message(connection, row.id, answer.provider_id, yes, now)
    if answer.state is not yes:
        said = {"answer": str(answer.state)}
        receipt = Receipt(row.provider, answer.provider_id, answer.state, said)
        await apply_receipt(connection, receipt, now)


async def _not_accepted(
    connection: AsyncConnection,
    row: Row[Any],
    outcome: Unknown | NotPosted | Refused,
    now: datetime,
) -> None:
    message_id = row.id
    match outcome:
        case Unknown(reason):
            await _mark_uncertain(connection, message_id, reason, now)
        case NotPosted(reason):
            after = await _back_off(connection, message_id, None)
            await requeue(connection, message_id, reason, now, back_off_seconds=after)
        case Refused():
            fault = Fault(outcome.kind, outcome.code)
            await apply_phone_evidence(connection, row, fault, now, now)
            await _record_refusal(connection, message_id, outcome, now)


async def _mark_uncertain(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    """Unknown from here on: this moment is the last its owner could have POSTed."""
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
        after = await _back_off(connection, message_id, refused.retry_after)
        await requeue(connection, message_id, reason, now, back_off_seconds=after)
    elif refused.kind is RefusalKind.ACCOUNT:
        await requeue(connection, message_id, reason, now)
        await open_breaker(connection, reason, now)
    else:
        await _end_refused(connection, message_id, refused, reason, now)


async def _back_off(
    connection: AsyncConnection, message_id: str, asked: float | None
) -> float:
    """How long to wait, by how many messages its first reminder has had."""
    mine = message_reminders.alias()
    trials = (
        select(func.count())
        .join_from(mine, message_reminders, _same_reminder(mine))
        .where(mine.c.message_id == message_id, mine.c.position == 0)
    )
    count = (await connection.execute(trials)).scalar_one()
    return back_off(int(count), random(), asked)  # noqa: S311 - no secret


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
            state=MessageState.REFUSED,
            reason=reason,
            code=refused.code,
            kind=refused.kind,
            final_at=now,
        )
    )
    await fall_back_to_accepted(connection, message_id, now)
    mine = of_message(message_id) & reminders.c.state.in_(UNDER_WAY)
    if refused.kind is RefusalKind.BAD_NUMBER:
        await requeue_to_next_phone(connection, message_id, reason, now)
    if refused.kind is RefusalKind.ROUTE:
        await hold_no_route(connection, message_id, reason, now)
    if refused.kind is RefusalKind.OPTED_OUT:
        fresh = mine & reminders.c.sent_at.is_(None)
        ended = ReminderState.SUPPRESSED
        await transition(connection, fresh, ended, now, reason=OPTED_OUT)
    why = f"refused: {refused.kind}"
    await transition(connection, mine, ReminderState.FAILED, now, reason=why)
