"""Reminders of types on trial: only for permits that have a staff phone."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import (
    golives,
    permit_recipients,
    permits,
    reminders,
    slots,
    staff,
)
from service.adapters.store.reminders.trial_staff import authorities_on_trial
from service.adapters.store.slots.conditions import IS_ACTIVE, go_live_of
from service.adapters.store.slots.create_reminders import (
    CommonPlan,
    create_reminders,
    supersede_earlier_steps,
)
from service.adapters.store.slots.group_key import (
    PERMIT_GROUP_COLUMNS,
    group_key,
    group_params,
    same_group,
)
from service.domain.deadlines.slot import GroupKey, current_slot
from service.domain.delivery.status import ReminderState
from service.domain.reminders.planned_reminders import DueGroup, PlannedReminder


async def find_trial_permits(
    connection: AsyncConnection, now: datetime
) -> dict[GroupKey, list[str]]:
    """The ids of permits on trial that have a staff phone but no current reminder.

    Grouped by the key of their slots. The query starts from the few staff phones.
    """
    line = authorities_on_trial()
    wanted = (
        select(permits.c.id, *PERMIT_GROUP_COLUMNS)
        .distinct()
        .join_from(line, staff, staff.c.authority == line.c.above)
        .join(
            permit_recipients, permit_recipients.c.recipient_id == staff.c.recipient_id
        )
        .join(
            permits,
            and_(
                permits.c.id == permit_recipients.c.permit_id,
                permits.c.authority == line.c.authority,
            ),
        )
        .join(golives, go_live_of(permits.c))
        .join(slots, same_group(slots.c, permits.c))
        .where(
            golives.c.state == "trial",
            golives.c.live_from <= now,
            slots.c.due_at <= now,
            slots.c.until_at > now,
            IS_ACTIVE,
            ~exists().where(
                reminders.c.permit_id == permits.c.id,
                reminders.c.expires_on == permits.c.expires_on,
                reminders.c.step == slots.c.step,
            ),
        )
    )
    found = defaultdict[GroupKey, list[str]](list)
    for row in await connection.execute(wanted):
        found[group_key(row)].append(row.id)
    return found


async def create_trial_reminders(
    connection: AsyncConnection,
    group: DueGroup,
    permit_ids: Sequence[str],
    now: datetime,
) -> int:
    """Create the current reminder of some permits of a group; how many.

    The slots are not expanded by that. They are marked as reminded, so that a change
    of the law looks for reminders in them.
    """
    slot = current_slot(group.slots, now)
    if slot is None:
        return 0
    planned = PlannedReminder(
        slot, ReminderState.DUE, None, only_registered_before_due=False
    )
    plan = CommonPlan.of(group, planned)
    groups = group_params(connection, [group_key(group)])
    created = await create_reminders(
        connection, plan, groups, now, permits.c.id.in_(permit_ids)
    )
    await supersede_earlier_steps(connection, slot.step, groups, now)
    await connection.execute(
        update(slots).where(same_group(slots.c, group)).values(reminded=True)
    )
    return created
