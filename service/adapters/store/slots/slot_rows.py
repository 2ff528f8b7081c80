"""Slots as rows and back, and the slots of registered permits inserted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.functions import aggregate_strings

from service.adapters.store.db.insert_rows import insert_rows
from service.adapters.store.db.json_rows import JsonQuery
from service.adapters.store.db.schema import slots
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.slots.group_key import (
    SLOT_GROUP_COLUMNS,
    SLOT_IN_GROUPS,
    group_key,
    group_params,
)
from service.domain.deadlines.slot import GroupKey, Slot
from service.flow.permits.register import DatedPermit


def slot_of(row: Any) -> Slot:  # noqa: ANN401 - a Row of many columns
    """Read a slot from its row."""
    replaces = tuple(row.replaces.split(",")) if row.replaces else ()
    dates = row.due_at, row.until_at, row.closes_at
    return Slot(row.step, *dates, row.template, replaces)


def slot_values(slot: Slot) -> dict[str, Any]:
    """The columns of a slot's row that the slot itself fills."""
    return {
        "step": slot.step,
        "due_at": slot.due_at,
        "until_at": slot.until_at,
        "closes_at": slot.closes_at,
        "template": slot.template,
        "replaces": ",".join(slot.replaces) or None,
    }


_STEPS: Final = JsonQuery(
    select(*SLOT_GROUP_COLUMNS, aggregate_strings(slots.c.step, ",").label("steps"))
    .where(SLOT_IN_GROUPS)
    .group_by(*SLOT_GROUP_COLUMNS)
)


async def insert_missing_slots(
    connection: AsyncConnection, dated_permits: Sequence[DatedPermit]
) -> None:
    """Insert the slots of these permits; those that exist stay as they are."""
    groups: dict[GroupKey, DatedPermit] = {
        (one.series, one.permit.authority, one.permit.expires_on): one
        for one in dated_permits
        if one.permit.expires_on is not None
    }
    if not groups:
        return
    stored = await _stored_steps(connection, groups)
    rows = [
        {
            **dict(zip(("series", "authority", "expires_on"), key, strict=True)),
            "rule": one.permit.rule,
            "version_id": one.version,
            "reminded": False,
            **slot_values(slot),
        }
        for key, one in groups.items()
        for slot in one.slots
        if slot.step not in stored.get(key, ())
    ]
    statement = insert_into(connection, slots).on_conflict_do_nothing()
    await insert_rows(connection, statement, rows)


async def _stored_steps(
    connection: AsyncConnection, groups: Collection[GroupKey]
) -> dict[GroupKey, list[str]]:
    """The steps of the slots that these groups have."""
    rows = await _STEPS.rows(connection, group_params(connection, groups))
    return {group_key(row): row.steps.split(",") for row in rows}


async def unexpand_future_slots(
    connection: AsyncConnection, groups: Collection[GroupKey], now: datetime
) -> None:
    """Let slots that were expanded at a time still to come expand again when due.

    That happens when a clock was set back. Permits that join these groups meanwhile
    would otherwise get no reminder.
    """
    statement = (
        update(slots)
        .where(SLOT_IN_GROUPS, slots.c.due_at > now, slots.c.expanded_at.is_not(None))
        .values(expanded_at=None)
    )
    await connection.execute(statement, group_params(connection, groups))
