"""The reminders of a claim that end, or are held until later."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import reminders
from service.adapters.store.reminders.candidates import CandidateRow
from service.adapters.store.reminders.transitions import (
    ReminderKey,
    transition,
    with_keys,
)
from service.adapters.store.sending.claim.register_answers import want_answers
from service.domain.delivery.status import CLAIMABLE
from service.domain.reminders.eligibility import End, Hold
from service.domain.reminders.reasons import REGISTER_NOT_ASKED
from service.flow.sending.claim_rows import ClaimPlan

T = TypeVar("T", bound=Hashable)


async def store_verdicts(
    connection: AsyncConnection,
    plan: ClaimPlan,
    candidates: Sequence[CandidateRow],
    now: datetime,
) -> None:
    """End and hold the reminders that the plan says; note which wait for a register."""
    await _end(connection, _keys_by_verdict(plan.ends, candidates), now)
    await _hold(connection, _keys_by_verdict(plan.holds, candidates))
    wanted = {
        candidates[index].row.permit_id
        for index, hold in plan.holds
        if hold.reason == REGISTER_NOT_ASKED
    }
    await want_answers(connection, wanted, now)


def _keys_by_verdict(
    verdicts: Iterable[tuple[int, T]], candidates: Sequence[CandidateRow]
) -> Mapping[T, list[ReminderKey]]:
    found = defaultdict[T, list[ReminderKey]](list)
    for index, verdict in verdicts:
        found[verdict].append(candidates[index].key)
    return found


async def _end(
    connection: AsyncConnection, ends: Mapping[End, list[ReminderKey]], now: datetime
) -> None:
    for end, keys in ends.items():
        await transition(connection, with_keys(keys), end.state, now, reason=end.reason)


async def _hold(
    connection: AsyncConnection, holds: Mapping[Hold, list[ReminderKey]]
) -> None:
    for hold, keys in holds.items():
        await connection.execute(
            update(reminders)
            .where(with_keys(keys), reminders.c.state.in_(CLAIMABLE))
            .values(next_at=hold.until, hold_reason=hold.reason)
        )
