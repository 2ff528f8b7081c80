"""Slots that fall due become reminders."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.reminders.reopen import MAY_REOPEN, reopen
from service.adapters.store.slots.clock_set_back import (
    clock_recorded_at,
    is_clock_stale,
    record_clock,
)
from service.adapters.store.slots.create_reminders import (
    CommonPlan,
    create_reminders,
    supersede_earlier_steps,
)
from service.adapters.store.slots.due_groups import find_due_groups, load_due_groups
from service.adapters.store.slots.frozen_forecasts import instant_after_count
from service.adapters.store.slots.group_key import (
    GROUPS,
    PERMIT_IN_GROUPS,
    SLOT_IN_GROUPS,
    GroupParams,
    group_key,
    group_params,
    same_group,
)
from service.adapters.store.slots.trial import (
    create_trial_reminders,
    find_trial_permits,
)
from service.domain.deadlines.slot import GroupKey, Slot
from service.domain.delivery.status import ReminderState
from service.domain.reminders.planned_reminders import DueGroup
from service.flow.sending.expand import ExpandStore


class SqlExpandStore(ExpandStore):
    """Each method looks first whether it has work: a write locks everybody else out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handle_clock_set_back(self, now: datetime) -> None:
        """Note the time, and redo what was missed if the clock was set back."""
        async with self._database.read() as connection:
            if not is_clock_stale(await clock_recorded_at(connection), now):
                return
        async with self._database.write() as connection:
            await record_clock(connection, now)

    async def expand(self, now: datetime, limit: int) -> int | None:
        """Create the reminders of some due groups; how many, None where none is due."""
        async with self._database.read() as connection:
            if not await find_due_groups(connection, now, limit=1):
                return None
        async with self._database.write() as connection:
            keys = await find_due_groups(connection, now, limit)
            now = await instant_after_count(connection, now)
            groups = await load_due_groups(connection, keys, now)
            return await expand_groups(connection, groups, now)

    async def expand_trials(self, now: datetime) -> int:
        """Create the current reminders of permits with a staff phone; how many."""
        async with self._database.read() as connection:
            if not await find_trial_permits(connection, now):
                return 0
        async with self._database.write() as connection:
            permit_ids = await find_trial_permits(connection, now)
            now = await instant_after_count(connection, now)
            groups = await load_due_groups(connection, permit_ids, now, state="trial")
            created = [
                await create_trial_reminders(
                    connection, group, permit_ids[group_key(group)], now
                )
                for group in groups
            ]
            return sum(created)


async def expand_groups(
    connection: AsyncConnection, groups: Iterable[DueGroup], now: datetime
) -> int:
    """Create the reminders of these groups and mark their slots expanded; how many.

    Groups whose plans are alike are expanded together.
    """
    by_plan = defaultdict[CommonPlan, list[tuple[DueGroup, Slot]]](list)
    for group in groups:
        for planned in group.plan_reminders(now).rows:
            if planned.slot.step in group.unexpanded_steps:
                by_plan[CommonPlan.of(group, planned)].append((group, planned.slot))
    due = [
        group_key(group)
        for plan, members in by_plan.items()
        if plan.state is ReminderState.DUE
        for group, _ in members
    ]
    rows = await _WITH_REMINDERS.run(connection, group_params(connection, due))
    with_reminders = {*map(group_key, rows)}
    created = [
        await _expand_together(connection, plan, members, with_reminders, now)
        for plan, members in by_plan.items()
    ]
    return sum(created)


def _has_reminder(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a permit of the group has such a reminder for its expiry date."""
    return exists().where(
        PERMIT_IN_GROUPS,
        reminders.c.permit_id == permits.c.id,
        reminders.c.expires_on == permits.c.expires_on,
        *where,
    )


_WITH_REMINDERS: Final = Prepared(select(GROUPS).where(_has_reminder()))
"""The groups in which a permit has a reminder: most have none yet."""

_MARK_EXPANDED: Final = Prepared(
    update(slots)
    .where(SLOT_IN_GROUPS, slots.c.step == bindparam("in_step"))
    .values(expanded_at=bindparam("now"))
)


async def _expand_together(
    connection: AsyncConnection,
    plan: CommonPlan,
    members: Sequence[tuple[DueGroup, Slot]],
    with_reminders: Collection[GroupKey],
    now: datetime,
) -> int:
    former = [one for one in members if group_key(one[0]) in with_reminders]
    if plan.state is ReminderState.DUE:
        if former:
            await _replace_former_reminders(connection, plan.step, former, now)
        else:
            plan = plan._replace(excluding_steps=())  # nobody can have been texted
    groups = group_params(connection, [group_key(group) for group, _ in members])
    created = await create_reminders(connection, plan, groups, now)
    await _MARK_EXPANDED.run(connection, {**groups, "in_step": plan.step, "now": now})
    return created


async def _replace_former_reminders(
    connection: AsyncConnection,
    step: str,
    members: Sequence[tuple[DueGroup, Slot]],
    now: datetime,
) -> None:
    """Reopen ended reminders of this step, and supersede due ones of earlier steps."""
    slot_of_group = {group_key(group): (group, slot) for group, slot in members}
    params = group_params(connection, slot_of_group)
    for key in await _groups_with_ended(connection, step, params):
        group, slot = slot_of_group[key]
        await reopen(connection, group, slot, _reminders_of_group(group), now)
    await supersede_earlier_steps(connection, step, params, now)


async def _groups_with_ended(
    connection: AsyncConnection, step: str, groups: GroupParams
) -> list[GroupKey]:
    """Those of the groups with a reminder of this step that may be reopened."""
    wanted = select(GROUPS).where(_has_reminder(reminders.c.step == step, MAY_REOPEN))
    return [*map(group_key, await connection.execute(wanted, groups))]


def _reminders_of_group(group: DueGroup) -> ColumnElement[bool]:
    members = select(permits.c.id).where(same_group(permits.c, group))
    return reminders.c.permit_id.in_(members)
