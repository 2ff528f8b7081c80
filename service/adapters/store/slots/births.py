"""Reminders are born by one INSERT … SELECT over the permits of many groups."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, FromClause, case, exists, literal, select
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.db.types import Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.transitions import transition
from service.adapters.store.slots.group_key import (
    SLOT_IN_GROUPS,
    GroupParams,
    same_group,
)
from service.domain.delivery.status import NEVER_TEXTED, ReminderState
from service.domain.permits.permit import PermitStatus
from service.domain.reminders.births import PlannedReminder

REMINDER_COLUMNS = (
    "permit_id",
    "expires_on",
    "step",
    "rule",
    "authority",
    "version_id",
    "template",
    "due_at",
    "until_at",
    "closes_at",
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


class BirthKind(NamedTuple):
    """What births of many groups may have in common; the rest their slots tell."""

    step: str
    replaces: tuple[str, ...]
    state: ReminderState
    reason: str | None
    early_only: bool

    @classmethod
    def of(cls, planned: PlannedReminder) -> Self:
        """What a birth has in common with others."""
        slot = planned.slot
        return cls(
            slot.step,
            slot.replaces,
            planned.state,
            planned.reason,
            planned.only_registered_before_due,
        )


async def create_reminders(
    connection: AsyncConnection,
    kind: BirthKind,
    groups: GroupParams,
    now: datetime,
    *where: ColumnElement[bool],
) -> int:
    """Insert the rows of births alike for the permits of these groups; how many.

    A permit that has a row for this expiry date and step keeps it.
    """
    statement = create_reminders_statement(
        connection,
        slots,
        kind.state,
        kind.reason,
        now,
        SLOT_IN_GROUPS,
        slots.c.step == kind.step,
        *_permit_conditions(kind),
        *where,
    )
    return (await connection.execute(statement, groups)).rowcount


def create_reminders_statement(
    connection: AsyncConnection,
    slot_rows: FromClause,
    state: ReminderState,
    reason: str | None,
    now: datetime,
    *where: ColumnElement[bool],
) -> Insert:
    """The INSERT for active permits in the groups of slots, or of rows like them."""
    source = (
        select(*_values(slot_rows.c, state, reason, now))
        .join_from(slot_rows, permits, same_group(permits.c, slot_rows.c))
        .where(
            permits.c.status == PermitStatus.ACTIVE,
            permits.c.replaced.is_(False),
            *where,
        )
        .order_by(slot_rows.c.closes_at, permits.c.id)  # they lie as they are claimed
    )
    statement = insert_into(connection, reminders).from_select(REMINDER_COLUMNS, source)
    return statement.on_conflict_do_nothing()


async def supersede(
    connection: AsyncConnection, step: str, groups: GroupParams, now: datetime
) -> None:
    """The birth of a step ends the earlier ones of its permits still due."""
    due = reminders.c.state == ReminderState.DUE
    earlier = (
        (reminders.c.permit_id == permits.c.id)
        & (reminders.c.expires_on == permits.c.expires_on)
        & (reminders.c.due_at < slots.c.due_at)
    )
    members = select(permits.c.id).join_from(
        slots, permits, same_group(permits.c, slots.c)
    )
    overtaken = members.where(
        SLOT_IN_GROUPS, slots.c.step == step, exists().where(due, earlier)
    )
    ids = (await connection.execute(overtaken, groups)).scalars().all()
    begun = exists().where(
        same_group(permits.c, slots.c), slots.c.step == step, earlier
    )
    for piece in in_chunks(ids):
        await transition(
            connection,
            reminders.c.permit_id.in_(piece) & begun,
            ReminderState.SUPERSEDED,
            now,
            reason=f"by {step}",
        )


def _permit_conditions(kind: BirthKind) -> list[ColumnElement[bool]]:
    chosen = []
    if kind.early_only:
        chosen.append(permits.c.dated_at <= slots.c.due_at)
    if kind.replaces:
        chosen.append(~_has_replaced_step_text(kind.replaces))
    return chosen


def _has_replaced_step_text(replaced: Collection[str]) -> ColumnElement[bool]:
    """Whether the permit was, or may have been, texted in a step now replaced."""
    former = reminders.alias()
    return exists().where(
        former.c.permit_id == permits.c.id,
        former.c.expires_on == permits.c.expires_on,
        former.c.step.in_(replaced),
        former.c.state.not_in(NEVER_TEXTED),
    )


def _values(
    slot: Any,  # noqa: ANN401 - columns
    state: ReminderState,
    reason: str | None,
    now: datetime,
) -> list[ColumnElement[Any]]:
    at = literal(now, Instant())
    return [
        permits.c.id,
        slot.expires_on,
        slot.step,
        slot.rule,
        slot.authority,
        slot.version_id,
        slot.template,
        slot.due_at,
        slot.until_at,
        slot.closes_at,
        at,
        literal(str(state)),
        literal(reason),
        at,
        slot.due_at,
        literal(0),
        literal(0),
        case((slot.redated_at.is_not(None), at)),
    ]
