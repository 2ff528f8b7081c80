"""Reminders are born by one set-based INSERT … SELECT over the permits of a slot."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.moves import move
from service.adapters.store.schema import permits, reminders
from service.adapters.store.types import Instant
from service.adapters.store.upsert import insert_into
from service.domain.births import Birth
from service.domain.permit import PermitStatus
from service.domain.schedule import Slot
from service.domain.status import UNTOLD, ReminderState
from service.flow.rows import DueGroup

COLUMNS = (
    "permit_id",
    "expires_on",
    "step",
    "rule",
    "authority",
    "version_id",
    "template",
    "due_at",
    "until_at",
    "born_at",
    "state",
    "reason",
    "state_at",
    "next_at",
    "returned",
    "retries",
    "redated_at",
)
"""What a reminder is born with."""


async def bear(
    connection: AsyncConnection,
    group: DueGroup,
    birth: Birth,
    now: datetime,
    only: Collection[str] | None = None,
) -> int:
    """Insert the rows of one birth, for all permits of the group or some; how many.

    A permit that has a row for this expiry date and step keeps it.
    """
    source = _permits(group, birth, only).with_only_columns(*_values(group, birth, now))
    statement = insert_into(connection, reminders).from_select(COLUMNS, source)
    result = await connection.execute(statement.on_conflict_do_nothing())
    return result.rowcount


async def supersede(
    connection: AsyncConnection, group: DueGroup, slot: Slot, now: datetime
) -> None:
    """The birth of a step ends the earlier ones of its permits still due."""
    of_group = select(permits.c.id).where(in_group(group))
    await move(
        connection,
        (reminders.c.expires_on == group.expires_on)
        & (reminders.c.due_at < slot.due_at)
        & (reminders.c.state == ReminderState.DUE)
        & reminders.c.permit_id.in_(of_group),
        ReminderState.SUPERSEDED,
        now,
        reason=f"by {slot.step}",
    )


def _permits(
    group: DueGroup, birth: Birth, only: Collection[str] | None
) -> Select[tuple[object]]:
    chosen = select(permits.c.id).where(
        in_group(group),
        permits.c.status == PermitStatus.ACTIVE,
        permits.c.replaced.is_(False),
    )
    if birth.early_only:
        chosen = chosen.where(permits.c.dated_at <= birth.slot.due_at)
    if birth.slot.replaces:
        chosen = chosen.where(~_told_already(birth.slot))
    if only is not None:
        chosen = chosen.where(permits.c.id.in_(only))
    return chosen


def _told_already(slot: Slot) -> ColumnElement[bool]:
    """Whether the permit was, or may have been, texted in a step that this replaces."""
    former = reminders.alias()
    return exists().where(
        former.c.permit_id == permits.c.id,
        former.c.expires_on == permits.c.expires_on,
        former.c.step.in_(slot.replaces),
        former.c.state.not_in(UNTOLD),
    )


def in_group(group: DueGroup) -> ColumnElement[bool]:
    """The permits of a group."""
    return (
        (permits.c.series == group.series)
        & (permits.c.authority == group.authority)
        & (permits.c.expires_on == group.expires_on)
    )


def _values(group: DueGroup, birth: Birth, now: datetime) -> list[ColumnElement[Any]]:
    slot = birth.slot

    def instant(value: datetime) -> ColumnElement[Any]:
        return literal(value, Instant())

    return [
        permits.c.id,
        permits.c.expires_on,
        literal(slot.step),
        permits.c.rule,
        permits.c.authority,
        literal(group.version),
        literal(slot.template),
        instant(slot.due_at),
        instant(slot.until_at),
        instant(now),
        literal(str(birth.state)),
        literal(birth.reason),
        instant(now),
        instant(slot.due_at),
        literal(0),
        literal(0),
        literal(now if slot.step in group.redated else None, Instant()),
    ]
