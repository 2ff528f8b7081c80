"""Reopen ended reminders when the cause of their end is gone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import messages, reminders
from service.adapters.store.reminders.candidates import (
    join_recipients,
    select_candidates,
)
from service.adapters.store.reminders.redate import slot_date_values
from service.adapters.store.reminders.transitions import (
    ReminderKey,
    transition,
    was_texted_in,
    with_keys,
)
from service.domain.deadlines.slot import Slot
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.retry import RETRY_DELAYS
from service.domain.delivery.status import NEVER_ACCEPTED, ReminderState
from service.domain.reminders.eligibility import End, find_end
from service.domain.reminders.planned_reminders import DueGroup
from service.domain.reminders.reasons import BEFORE_START, REOPENED

MAY_REOPEN = or_(
    reminders.c.state.in_(NEVER_ACCEPTED),
    and_(
        reminders.c.state == ReminderState.FAILED,
        reminders.c.retries < len(RETRY_DELAYS),
        exists().where(
            messages.c.id == reminders.c.message_id,
            messages.c.kind == RefusalKind.BAD_NUMBER,
        ),
    ),
)
"""No provider accepted it, or its number was unassigned and retries are left."""


_NOT_SUPPRESSED = NEVER_ACCEPTED - {ReminderState.SUPPRESSED}


async def reopen(
    connection: AsyncConnection,
    group: DueGroup,
    slot: Slot,
    condition: ColumnElement[bool],
    now: datetime,
) -> None:
    """Reopen reminders of a group's current slot that match `condition`.

    They take the dates of the slot. Slots that were due before the type went live are
    not reopened, nor is a step that the text of another one replaces or follows. A
    reminder whose phone cannot be texted now ends again, for that reason.
    """
    excluding = group.excluding_steps(slot)
    ended = select_candidates(
        condition,
        reminders.c.expires_on == group.expires_on,
        reminders.c.step == slot.step,
        MAY_REOPEN,
        *(
            [reminders.c.reason != BEFORE_START]
            if slot.due_at < group.live_from
            else []
        ),
        ~was_texted_in(excluding, reminders.c.permit_id, reminders.c.expires_on),
    )
    rows = (await connection.execute(ended)).all()
    unsent, failed = list[ReminderKey](), list[ReminderKey]()
    untextable = defaultdict[str, list[ReminderKey]](list)
    for one in await join_recipients(connection, rows):
        match find_end(replace(one.candidate, until_at=slot.until_at), now):
            case None:
                (unsent if one.row.sent_at is None else failed).append(one.key)
            case End(ReminderState.SUPPRESSED, why) if one.row.state in _NOT_SUPPRESSED:
                untextable[why].append(one.key)
            case _:
                pass
    values = {"next_at": now, **slot_date_values(slot, group.version, now)}
    again = [*unsent, *chain.from_iterable(untextable.values())]
    await _transition(connection, again, ReminderState.DUE, now, values=values)
    for why, keys in untextable.items():
        await _transition(connection, keys, ReminderState.SUPPRESSED, now, reason=why)
    values |= {"retries": reminders.c.retries + 1}
    await _transition(connection, failed, ReminderState.RETRYING, now, values=values)


async def _transition(
    connection: AsyncConnection,
    keys: Sequence[ReminderKey],
    state: ReminderState,
    now: datetime,
    *,
    values: Mapping[str, object] | None = None,
    reason: str = REOPENED,
) -> None:
    for chunk in in_chunks(keys):
        await transition(
            connection, with_keys(chunk), state, now, reason=reason, values=values
        )
