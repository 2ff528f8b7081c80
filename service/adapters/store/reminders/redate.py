"""Give reminders the present dates of their slot."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Update, case, func, literal, or_, select, update
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
from service.domain.delivery.status import ReminderState
from service.domain.law.rule import RESERVED_STEPS
from service.domain.reminders.reasons import RULE_CHANGED


def slot_date_values(
    slot: Any,  # noqa: ANN401 - a Slot, or the columns of slots
    version: Any,  # noqa: ANN401 - a key, or a column
    now: datetime,
) -> Mapping[str, Any]:
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
        select(*REMINDER_KEY, slots.c.version_id)
        .join_from(reminders, permits, permits.c.id == reminders.c.permit_id)
        .outerjoin(slots, IS_SLOT_OF_REMINDER)
        .where(
            with_keys(keys),
            permits.c.expires_on == reminders.c.expires_on,
            _IS_OUT_OF_DATE,
        )
    )
    reserved, gone, moved = (
        list[ReminderKey](),
        list[ReminderKey](),
        list[ReminderKey](),
    )
    for *key, version in await connection.execute(wanted):
        permit_id, expires_on, step = key
        is_reserved = step.startswith(RESERVED_STEPS)
        kind = reserved if is_reserved else moved if version else gone
        kind.append((permit_id, expires_on, step))
    if reserved:
        await connection.execute(
            update(reminders).where(with_keys(reserved)).values(_CURRENT_VERSION)
        )
    if gone:
        ended = ReminderState.SUPERSEDED
        await transition(connection, with_keys(gone), ended, now, reason=RULE_CHANGED)
    if moved:
        await connection.execute(take_slot_dates(now).where(with_keys(moved)))
    return [*reserved, *gone, *moved]


IS_SLOT_OF_REMINDER = (
    (slots.c.series == permits.c.series)
    & (slots.c.authority == permits.c.authority)
    & (slots.c.expires_on == reminders.c.expires_on)
    & (slots.c.step == reminders.c.step)
)
"""Joins a reminder, and its permit, with the slot that they have now."""


def take_slot_dates(now: datetime) -> Update:
    """The UPDATE that gives reminders the dates of their slots; which ones, add."""
    return (
        update(reminders)
        .where(permits.c.id == reminders.c.permit_id, IS_SLOT_OF_REMINDER)
        .values(**slot_date_values(slots.c, slots.c.version_id, now), **_next_at(now))
    )


def _next_at(now: datetime) -> Mapping[str, ColumnElement[Any]]:
    """The instant from which a re-dated reminder may be sent.

    A slot in the future: its new instant, and no hold. A slot that is due: at once if
    the reminder was put off before, else as it was.
    """
    at = literal(now, Instant())
    return {
        "next_at": case(
            (slots.c.due_at > at, slots.c.due_at),
            (reminders.c.due_at > at, at),
            else_=reminders.c.next_at,
        ),
        "hold_reason": case((slots.c.due_at <= at, reminders.c.hold_reason)),
    }
