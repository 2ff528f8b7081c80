"""Due reminders of groups whose slots a change of the law has rewritten."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.reminders.redate import (
    IS_SLOT_OF_REMINDER,
    take_slot_dates,
)
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    ReminderKey,
    transition,
    was_texted_in,
    with_keys,
)
from service.adapters.store.slots.group_key import (
    PERMIT_IN_GROUPS,
    GroupParams,
    group_params,
)
from service.domain.delivery.status import ReminderState
from service.domain.law.rule import RESERVED_STEPS
from service.domain.law_change.group import RedatedGroup
from service.domain.reminders.reasons import RULE_CHANGED


async def redate_due_reminders(
    connection: AsyncConnection, groups: Collection[RedatedGroup], now: datetime
) -> None:
    """Give due reminders the new dates; supersede those whose step is gone.

    Also those of permits texted in a step that theirs replaces now. All groups take a
    few statements together, because others wait to write.
    """
    params = group_params(connection, {one.new_key for one in groups})
    for replaced, keys in (await _find_without_step(connection, params)).items():
        texted = was_texted_in(replaced, reminders.c.permit_id, reminders.c.expires_on)
        for chunk in in_chunks(keys):
            await transition(
                connection,
                with_keys(chunk) & texted if replaced else with_keys(chunk),
                ReminderState.SUPERSEDED,
                now,
                reason=RULE_CHANGED,
            )
    await connection.execute(take_slot_dates(now).where(_IS_DUE_IN_GROUPS), params)


async def _find_without_step(
    connection: AsyncConnection, params: GroupParams
) -> Mapping[tuple[str, ...], list[ReminderKey]]:
    """Due reminders whose step is gone, by (); others by the steps theirs replaces."""
    wanted = (
        select(*REMINDER_KEY, slots.c.replaces)
        .join_from(permits, reminders, reminders.c.permit_id == permits.c.id)
        .outerjoin(slots, IS_SLOT_OF_REMINDER)
        .where(
            _IS_DUE_IN_GROUPS, slots.c.step.is_(None) | slots.c.replaces.is_not(None)
        )
    )
    found = defaultdict[tuple[str, ...], list[ReminderKey]](list)
    for *key, replaced in await connection.execute(wanted, params):
        permit_id, expires_on, step = key
        if replaced or not step.startswith(RESERVED_STEPS):
            steps = tuple(replaced.split(",")) if replaced else ()
            found[steps].append((permit_id, expires_on, step))
    return found


_IS_DUE_IN_GROUPS = and_(
    PERMIT_IN_GROUPS,
    reminders.c.expires_on == permits.c.expires_on,
    reminders.c.state == ReminderState.DUE,
)
