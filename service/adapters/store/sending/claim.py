"""Claiming: due reminders end, are held, or become messages, in one transaction."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.schema import reminders
from service.adapters.store.reminders.candidates import CandidateRow, join_recipients
from service.adapters.store.reminders.transitions import (
    ReminderKey,
    transition,
    with_keys,
)
from service.adapters.store.sending.eligible import (
    companions,
    load_claim_filter,
    load_eligible,
)
from service.adapters.store.sending.insert_messages import (
    ClaimOwner,
    NewMessage,
    insert_messages,
    to_outgoing,
)
from service.adapters.store.sending.usage import count_usage, save_sender_turns
from service.domain.delivery.status import CLAIMABLE
from service.domain.reminders.eligibility import Hold
from service.flow.sending.claim_rows import Claim, ClaimRequest, DueReminder

T = TypeVar("T", bound=Hashable)


async def claim(
    connection: AsyncConnection, owner: ClaimOwner, request: ClaimRequest, now: datetime
) -> Claim:
    """Take due reminders: what closes soonest goes first."""
    wanted = await load_claim_filter(connection, request, now)
    rows = await load_eligible(connection, wanted, request.max_messages)
    if not rows:
        return Claim(0, (), frozenset())
    readings = await join_recipients(connection, rows)
    readings += await companions(connection, readings, wanted)
    readings.sort(key=_closing_order)
    spent = await count_usage(connection, readings, request.limits, now)
    plan = request.plan([to_due_reminder(it) for it in readings], spent)
    for end, keys in _group_by_verdict(plan.ends, readings):
        await transition(connection, with_keys(keys), end.state, now, reason=end.reason)
    for hold, keys in _group_by_verdict(plan.holds, readings):
        await _hold(connection, hold, keys)
    made = [
        NewMessage(str(uuid7()), one, tuple(readings[it.index] for it in one.reminders))
        for one in plan.drafts
    ]
    if made:
        await insert_messages(connection, made, owner, wanted.clock, now)
        await save_sender_turns(connection, plan.sender_waits)
    return Claim(len(readings), tuple(map(to_outgoing, made)), plan.busy_offices)


def _closing_order(candidate: CandidateRow) -> tuple[datetime, datetime, str]:
    """What closes soonest first; of one permit what ends sooner."""
    return candidate.row.closes_at, candidate.row.until_at, candidate.row.permit_id


def to_due_reminder(candidate: CandidateRow) -> DueReminder:
    """The reminder as the flow decides on it."""
    return DueReminder(
        candidate=candidate.candidate,
        permit_id=candidate.row.permit_id,
        authority=candidate.row.authority,
        rule=candidate.row.rule,
        version=candidate.row.version_id,
        permit_series=candidate.row.series,
        step=candidate.row.step,
        template=candidate.row.template,
        number_tail=candidate.row.tail,
        language=candidate.row.language,
        holder_key=candidate.row.holder_code or candidate.row.holder,
        recipient_id=candidate.recipient.id if candidate.recipient else None,
    )


def _group_by_verdict(
    verdicts: Iterable[tuple[int, T]], candidates: Sequence[CandidateRow]
) -> Iterator[tuple[T, list[ReminderKey]]]:
    found = defaultdict[T, list[ReminderKey]](list)
    for at, verdict in verdicts:
        found[verdict].append(candidates[at].key)
    yield from found.items()


async def _hold(
    connection: AsyncConnection, hold: Hold, keys: list[ReminderKey]
) -> None:
    await connection.execute(
        update(reminders)
        .where(with_keys(keys), reminders.c.state.in_(CLAIMABLE))
        .values(next_at=hold.until, hold_reason=hold.reason)
    )
