"""Give reminders the present dates of their slot."""

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


def slot_date_values(slot: Slot, version: str, now: datetime) -> Mapping[str, Any]:
    """The columns copied from a slot; `redated_at` is set if one of them changes."""
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
"""The version that dates the permit now; all slots of a group have the same one."""


_IS_OUT_OF_DATE = or_(
    slots.c.version_id.is_(None),
    *(
        reminders.c[name] != slots.c[name]
        for name in ("due_at", "until_at", "closes_at", "template", "version_id")
    ),
)
"""Whether a reminder has other dates than its slot. A step without a slot may have."""


async def redate_due_of_permits(
    connection: AsyncConnection, ids: Sequence[str], now: datetime
) -> None:
    """Give due reminders of these permits the dates of their present slots."""
    for chunk in in_chunks(ids):
        due = select(*REMINDER_KEY).where(
            reminders.c.permit_id.in_(chunk), reminders.c.state == ReminderState.DUE
        )
        rows = (await connection.execute(due)).all()
        await redate_reminders(connection, [(a, b, c) for a, b, c in rows], now)


def next_at_values(slot: Slot, now: datetime) -> Mapping[str, Any]:
    """The instant from which a re-dated reminder may be sent.

    A slot in the future: its new instant, and no hold. A slot that is due: at once if
    the reminder was put off before, else as it was.
    """
    if slot.due_at <= now:
        late = case((reminders.c.due_at > now, now), else_=reminders.c.next_at)
        return {"next_at": late}
    return {"next_at": slot.due_at, "hold_reason": None}


async def redate_reminders(
    connection: AsyncConnection, keys: Sequence[ReminderKey], now: datetime
) -> list[ReminderKey]:
    """Give due reminders the dates of their slots, or end them if the slot is gone.

    For reminders that are due again: the law may have changed while they were under
    way. Returns the keys of those that were out of date.
    """
    if not keys:
        return []
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
        .where(
            with_keys(keys),
            permits.c.expires_on == reminders.c.expires_on,
            _IS_OUT_OF_DATE,
        )
    )
    rows = (await connection.execute(wanted)).all()
    for row in rows:
        this = with_keys([(row.permit_id, row.expires_on, row.step)])
        if row.step.startswith(RESERVED_STEPS):
            await connection.execute(
                update(reminders).where(this).values(_CURRENT_VERSION)
            )
            continue
        if row.version_id is None:
            ended = ReminderState.SUPERSEDED
            await transition(connection, this, ended, now, reason=RULE_CHANGED)
            continue
        dates = row.due_at, row.until_at, row.closes_at
        slot = Slot(row.step, *dates, row.template)
        await connection.execute(
            update(reminders)
            .where(this)
            .values(
                **slot_date_values(slot, row.version_id, now),
                **next_at_values(slot, now),
            )
        )
    return [(row.permit_id, row.expires_on, row.step) for row in rows]
