"""Reminders of permits that changed: ended, reopened, or created late."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonQuery, JsonValues, in_chunks
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
from service.adapters.store.slots.conditions import IS_REMINDED
from service.adapters.store.slots.create_reminders import (
    CommonPlan,
    create_reminders,
    supersede_earlier_steps,
)
from service.adapters.store.slots.due_groups import load_due_groups
from service.adapters.store.slots.group_key import (
    PERMIT_GROUP_COLUMNS,
    group_key,
    group_params,
)
from service.adapters.store.slots.slot_rows import unexpand_future_slots
from service.domain.deadlines.slot import GroupKey
from service.domain.delivery.status import ReminderState
from service.domain.reminders.eligibility import End, find_end
from service.domain.reminders.planned_reminders import DueGroup

_PERMIT_IDS: Final = JsonValues(permits.c.id, "permits")

_GROUPS_OF: Final = JsonQuery(
    select(permits.c.id, *PERMIT_GROUP_COLUMNS, IS_REMINDED.label("reminded")).where(
        permits.c.id.in_(_PERMIT_IDS.values), permits.c.expires_on.is_not(None)
    )
)


async def end_ineligible_reminders(
    connection: AsyncConnection, permit_ids: Sequence[str], now: datetime
) -> None:
    """End the due reminders of these permits that may no longer be sent."""
    ends: dict[End, list[ReminderKey]] = defaultdict(list)
    for chunk in in_chunks(permit_ids):
        due = select_candidates(
            reminders.c.permit_id.in_(chunk), reminders.c.state == ReminderState.DUE
        )
        rows = (await connection.execute(due)).all()
        for candidate_row in await join_recipients(connection, rows):
            if end := find_end(candidate_row.candidate, now):
                ends[end].append(candidate_row.key)
    for end, keys in ends.items():
        await transition(connection, with_keys(keys), end.state, now, reason=end.reason)


async def create_current_reminders(
    connection: AsyncConnection, permit_ids: Sequence[str], now: datetime
) -> None:
    """Create or reopen these permits' reminders of current steps already expanded.

    Steps that are not expanded yet are left to the next expansion. A permit withdrawn
    by mistake gets its reminder back: it is reopened unless a provider accepted it.
    """
    groups = set[GroupKey]()
    reminded = defaultdict[GroupKey, list[str]](list)
    asked = _PERMIT_IDS.bind(connection.dialect, permit_ids)
    for row in await _GROUPS_OF.rows(connection, asked):
        groups.add(group_key(row))
        if row.reminded:
            reminded[group_key(row)].append(row.id)
    await unexpand_future_slots(connection, groups, now)
    for group in await load_due_groups(connection, reminded, now):
        await _create_in_group(connection, group, reminded[group_key(group)], now)


async def _create_in_group(
    connection: AsyncConnection,
    group: DueGroup,
    permit_ids: Sequence[str],
    now: datetime,
) -> None:
    planned = group.plan_reminders(now)
    if planned.current is None or planned.current.step in group.unexpanded_steps:
        return
    of_permits = reminders.c.permit_id.in_(permit_ids)
    await reopen(connection, group, planned.current, of_permits, now)
    plan = CommonPlan.of(group, planned.rows[-1])
    params = group_params(connection, [group_key(group)])
    await create_reminders(connection, plan, params, now, permits.c.id.in_(permit_ids))
    if plan.state is ReminderState.DUE:
        await supersede_earlier_steps(connection, plan.step, params, now)
