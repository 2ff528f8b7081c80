"""Types on trial: whose permits they remind of, and to whom their texts may go."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

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
from service.adapters.store.slots.births import BirthKind, create_reminders, supersede
from service.adapters.store.slots.group_key import group_key, group_params, same_group
from service.domain.deadlines.slot import current_slot
from service.domain.delivery.status import ReminderState
from service.domain.permits.permit import PermitStatus
from service.domain.reminders.births import DueGroup, PlannedReminder


async def find_trial_permits(
    connection: AsyncConnection, now: datetime
) -> dict[tuple[str, str, date], list[str]]:
    """The permits on trial with a staff phone and no reminder of their current step.

    By (series, authority, expiry date); sought from the few staff phones on.
    """
    line = authorities_on_trial()
    group = (permits.c.series, permits.c.authority, permits.c.expires_on)
    wanted = (
        select(permits.c.id, *group)
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
        .join(
            golives,
            and_(
                golives.c.authority == permits.c.authority,
                golives.c.rule == permits.c.rule,
            ),
        )
        .join(slots, same_group(slots.c, permits.c))
        .where(
            golives.c.state == "trial",
            golives.c.live_from <= now,
            slots.c.due_at <= now,
            slots.c.until_at > now,
            permits.c.status == PermitStatus.ACTIVE,
            permits.c.replaced.is_(False),
            ~exists().where(
                reminders.c.permit_id == permits.c.id,
                reminders.c.expires_on == permits.c.expires_on,
                reminders.c.step == slots.c.step,
            ),
        )
    )
    found = defaultdict[tuple[str, str, date], list[str]](list)
    for row in await connection.execute(wanted):
        found[row.series, row.authority, row.expires_on].append(row.id)
    return found


async def create_trial_reminders(
    connection: AsyncConnection, group: DueGroup, ids: Sequence[str], now: datetime
) -> int:
    """Give some permits of a group their current step, whenever it fell due.

    Its slots are not expanded by that, but a change of the law must look for reminders.
    """
    slot = current_slot(group.slots, now)
    if slot is None:
        return 0
    due = BirthKind.of(
        PlannedReminder(slot, ReminderState.DUE, None, only_registered_before_due=False)
    )
    groups = group_params(connection, [group_key(group)])
    born = await create_reminders(connection, due, groups, now, permits.c.id.in_(ids))
    await supersede(connection, slot.step, groups, now)
    mine = same_group(slots.c, group)
    await connection.execute(update(slots).where(mine).values(reminded=True))
    return born
