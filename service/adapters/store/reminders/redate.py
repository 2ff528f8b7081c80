"""Reminders given the dates of their slot as it stands now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.db.types import Instant
from service.adapters.store.reminders.transitions import (
    REMINDER_KEY,
    ReminderKey,
    transition,
    with_keys,
)
from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import ReminderState
from service.domain.law.rule import RESERVED_STEPS
from service.domain.reminders.reasons import RULE_CHANGED

"""Why a due reminder ends whose step is gone."""


def slot_date_values(slot: Slot, version: str, now: datetime) -> Mapping[str, Any]:
    """The columns that a reminder takes over; `redated_at` where any of them moved."""
    moved = or_(
        reminders.c.due_at != slot.due_at,
        reminders.c.until_at != slot.until_at,
        reminders.c.template != slot.template,
        reminders.c.version_id != version,
    )
    since = case((moved, literal(now, Instant())), else_=reminders.c.redated_at)
    return {
        "due_at": slot.due_at,
        "until_at": slot.until_at,
        "closes_at": slot.closes_at,
        "template": slot.template,
        "version_id": version,
        "redated_at": since,
    }


_CURRENT_VERSION = {
    "version_id": func.coalesce(
        select(func.max(slots.c.version_id))
        .join(
            permits,
            (slots.c.series == permits.c.series)
            & (slots.c.authority == permits.c.authority)
            & (slots.c.expires_on == permits.c.expires_on),
        )
        .where(permits.c.id == reminders.c.permit_id)
        .scalar_subquery(),
        reminders.c.version_id,
    )
}
"""The version that dates the permit now: slots of a place share theirs."""


async def redate_due_of_permits(
    connection: AsyncConnection, ids: Sequence[str], now: datetime
) -> None:
    """Let what is due of these permits take over the slots they are in now."""
    for piece in in_chunks(ids):
        due = select(*REMINDER_KEY).where(
            reminders.c.permit_id.in_(piece), reminders.c.state == ReminderState.DUE
        )
        rows = (await connection.execute(due)).all()
        await redate_reminders(connection, [(a, b, c) for a, b, c in rows], now)


def next_at_values(slot: Slot, now: datetime) -> Mapping[str, Any]:
    """When a re-dated reminder may be sent: from its new instant on, or as it was held.

    One that had not fallen due and has now may be sent at once.
    """
    if slot.due_at <= now:
        late = case((reminders.c.due_at > now, now), else_=reminders.c.next_at)
        return {"next_at": late}
    return {"next_at": slot.due_at, "hold_reason": None}


async def redate_reminders(
    connection: AsyncConnection, keys: Sequence[ReminderKey], now: datetime
) -> None:
    """Let reminders that are due again take over a change made while under way."""
    wanted = (
        select(reminders.c.permit_id, reminders.c.expires_on, reminders.c.step)
        .add_columns(slots.c.due_at, slots.c.until_at, slots.c.closes_at)
        .add_columns(slots.c.template, slots.c.version_id)
        .join_from(reminders, permits, permits.c.id == reminders.c.permit_id)
        .outerjoin(
            slots,
            (slots.c.series == permits.c.series)
            & (slots.c.authority == permits.c.authority)
            & (slots.c.expires_on == reminders.c.expires_on)
            & (slots.c.step == reminders.c.step),
        )
        .where(with_keys(keys), permits.c.expires_on == reminders.c.expires_on)
    )
    for row in (await connection.execute(wanted)).all():
        mine = with_keys([(row.permit_id, row.expires_on, row.step)])
        if row.step.startswith(RESERVED_STEPS):
            await connection.execute(
                update(reminders).where(mine).values(_CURRENT_VERSION)
            )
            continue
        if row.version_id is None:
            gone = ReminderState.SUPERSEDED
            await transition(connection, mine, gone, now, reason=RULE_CHANGED)
            continue
        dates = row.due_at, row.until_at, row.closes_at
        slot = Slot(row.step, *dates, row.template)
        await connection.execute(
            update(reminders)
            .where(mine)
            .values(
                **slot_date_values(slot, row.version_id, now),
                **next_at_values(slot, now),
            )
        )
