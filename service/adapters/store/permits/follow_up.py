"""What a changed permit does to its reminders: ends, reopenings, late births."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.reminders.candidates import (
    join_recipients,
    select_candidates,
)
from service.adapters.store.reminders.reopen import reopen
from service.adapters.store.reminders.transitions import (
    ReminderKey,
    transition,
    with_keys,
)
from service.adapters.store.slots.births import BirthKind, create_reminders, supersede
from service.adapters.store.slots.expand import load_due_groups, unexpand_future_slots
from service.adapters.store.slots.group_key import GroupKey, group_key, group_params
from service.domain.delivery.status import ReminderState
from service.domain.permits.permit import PermitStatus
from service.domain.reminders.births import DueGroup
from service.domain.reminders.eligibility import End, find_end


async def end_ineligible_reminders(
    connection: AsyncConnection, permit_ids: Sequence[str], now: datetime
) -> None:
    """End the due reminders of these permits that the permits no longer ask for."""
    ends: dict[End, list[ReminderKey]] = defaultdict(list)
    for piece in in_chunks(permit_ids):
        due = select_candidates(
            reminders.c.permit_id.in_(piece), reminders.c.state == ReminderState.DUE
        )
        rows = (await connection.execute(due)).all()
        for it in await join_recipients(connection, rows):
            if end := find_end(it.candidate, now):
                ends[end].append((it.row.permit_id, it.row.expires_on, it.row.step))
    for end, keys in ends.items():
        await transition(connection, with_keys(keys), end.state, now, reason=end.reason)


async def create_current_reminders(
    connection: AsyncConnection, permit_ids: Sequence[str], now: datetime
) -> None:
    """Where the current step is already expanded, give these permits their row.

    A row that ended without any provider accepting it is reopened when its cause is
    gone, so that a permit withdrawn by mistake is not lost.
    """
    joined: dict[GroupKey, list[str]] = defaultdict(list)
    for piece in in_chunks(permit_ids):
        chosen = select(permits).where(permits.c.id.in_(piece))
        for row in await connection.execute(chosen):
            members = joined[row.series, row.authority, row.expires_on]
            members += [row.id] if _is_reminded(row) else []
    await unexpand_future_slots(connection, joined, now)
    for group in await load_due_groups(connection, joined, now):
        if ids := joined[group_key(group)]:
            await _create_in_group(connection, group, ids, now)


def _is_reminded(permit: Row[Any]) -> bool:
    active = permit.status == PermitStatus.ACTIVE and not permit.replaced
    return active and permit.renewal_filed_on is None


async def _create_in_group(
    connection: AsyncConnection, group: DueGroup, ids: Sequence[str], now: datetime
) -> None:
    plan = group.plan_births(now)
    if plan.current is None or plan.current.step in group.unexpanded_steps:
        return
    mine = reminders.c.permit_id.in_(ids)
    await reopen(connection, group, plan.current, mine, now)
    births, groups = (
        BirthKind.of(plan.rows[-1]),
        group_params(connection, [group_key(group)]),
    )
    await create_reminders(connection, births, groups, now, permits.c.id.in_(ids))
    if births.state is ReminderState.DUE:
        await supersede(connection, births.step, groups, now)
