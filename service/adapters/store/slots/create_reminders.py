"""Reminders created by one INSERT … SELECT over the permits of many groups."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, FromClause, case, exists, literal, select
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.db.types import Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.transitions import transition, was_texted_in
from service.adapters.store.slots.conditions import IS_ACTIVE
from service.adapters.store.slots.group_key import (
    SLOT_IN_GROUPS,
    GroupParams,
    same_group,
)
from service.domain.delivery.status import ReminderState
from service.domain.reminders.planned_reminders import DueGroup, PlannedReminder


class CommonPlan(NamedTuple):
    """What the reminders planned for many groups have in common.

    The rest comes from the slots, so one statement creates them all.
    """

    step: str
    excluding_steps: tuple[str, ...]
    state: ReminderState
    reason: str | None
    only_registered_before_due: bool

    @classmethod
    def of(cls, group: DueGroup, planned: PlannedReminder) -> Self:
        """The part of a group's plan that other groups may share.

        Only a text must not follow one of a later step; that a step was missed is noted
        also for those who had a later one.
        """
        slot, is_due = planned.slot, planned.state is ReminderState.DUE
        return cls(
            slot.step,
            group.excluding_steps(slot) if is_due else slot.replaces,
            planned.state,
            planned.reason,
            planned.only_registered_before_due,
        )


async def create_reminders(
    connection: AsyncConnection,
    plan: CommonPlan,
    groups: GroupParams,
    now: datetime,
    *where: ColumnElement[bool],
) -> int:
    """Create the planned reminders of the permits in these groups; how many.

    A permit that already has one for this expiry date and step keeps it.
    """
    statement = create_reminders_statement(
        connection,
        slots,
        plan.state,
        plan.reason,
        now,
        SLOT_IN_GROUPS,
        slots.c.step == plan.step,
        *_permit_conditions(plan),
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
    """The INSERT for all active permits in the groups of `slot_rows`.

    `slot_rows` is the table of slots, or a query with the same columns.
    """
    values = _values(slot_rows.c, state, reason, now)
    source = (
        select(*values.values())
        .join_from(slot_rows, permits, same_group(permits.c, slot_rows.c))
        .where(IS_ACTIVE, *where)
        .order_by(slot_rows.c.closes_at, permits.c.id)  # claims read them in this order
    )
    statement = insert_into(connection, reminders).from_select([*values], source)
    return statement.on_conflict_do_nothing()


async def supersede_earlier_steps(
    connection: AsyncConnection, step: str, groups: GroupParams, now: datetime
) -> None:
    """End the due reminders of earlier steps of the permits in these groups."""
    earlier = (
        (reminders.c.permit_id == permits.c.id)
        & (reminders.c.expires_on == permits.c.expires_on)
        & (reminders.c.due_at < slots.c.due_at)
    )
    overtaken = (
        select(permits.c.id)
        .join_from(slots, permits, same_group(permits.c, slots.c))
        .where(
            SLOT_IN_GROUPS,
            slots.c.step == step,
            exists().where(reminders.c.state == ReminderState.DUE, earlier),
        )
    )
    ids = (await connection.execute(overtaken, groups)).scalars().all()
    is_earlier = exists().where(
        same_group(permits.c, slots.c), slots.c.step == step, earlier
    )
    for chunk in in_chunks(ids):
        await transition(
            connection,
            reminders.c.permit_id.in_(chunk) & is_earlier,
            ReminderState.SUPERSEDED,
            now,
            reason=f"by {step}",
        )


def _permit_conditions(plan: CommonPlan) -> list[ColumnElement[bool]]:
    conditions = []
    if plan.only_registered_before_due:
        conditions.append(permits.c.dated_at <= slots.c.due_at)
    if plan.excluding_steps:
        conditions.append(
            ~was_texted_in(plan.excluding_steps, permits.c.id, permits.c.expires_on)
        )
    return conditions


def _values(
    slot: Any,  # noqa: ANN401 - a ColumnCollection
    state: ReminderState,
    reason: str | None,
    now: datetime,
) -> Mapping[str, ColumnElement[Any]]:
    slot_columns = (
        *("expires_on", "step", "rule", "authority", "version_id"),
        *("template", "due_at", "until_at", "closes_at"),
    )
    return {
        "permit_id": permits.c.id,
        **{name: slot[name] for name in slot_columns},
        **initial_values(state, reason, now),
        "next_at": slot.due_at,
        "redated_at": case((slot.redated_at.is_not(None), literal(now, Instant()))),
    }


def initial_values(
    state: ReminderState, reason: str | None, now: datetime
) -> dict[str, ColumnElement[Any]]:
    """The columns of a new reminder that say only how and when it was created."""
    at = literal(now, Instant())
    return {
        "born_at": at,
        "state": literal(str(state)),
        "state_at": at,
        "reason": literal(reason),
        "returned": literal(0),
        "retries": literal(0),
    }
