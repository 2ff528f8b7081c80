"""Reminders are born by one INSERT … SELECT over the permits of many groups."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    ColumnElement,
    FromClause,
    case,
    exists,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_pieces
from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.db.types import Instant
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.transitions import move
from service.adapters.store.slots.group_key import IN_GROUPS, Named, same_group
from service.domain.delivery.status import UNTOLD, ReminderState
from service.domain.permits.permit import PermitStatus
from service.domain.reminders.births import Birth

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


class Alike(NamedTuple):
    """What births of many groups may have in common; the rest their slots tell."""

    step: str
    replaces: tuple[str, ...]
    state: ReminderState
    reason: str | None
    early_only: bool

    @classmethod
    def of(cls, one: Birth) -> Self:
        """What a birth has in common with others."""
        slot = one.slot
        return cls(slot.step, slot.replaces, one.state, one.reason, one.early_only)


async def bear(
    connection: AsyncConnection,
    births: Alike,
    groups: Named,
    now: datetime,
    *where: ColumnElement[bool],
) -> int:
    """Insert the rows of births alike for the permits of these groups; how many.

    A permit that has a row for this expiry date and step keeps it.
    """
    statement = bearing(
        connection,
        slots,
        births.state,
        births.reason,
        now,
        IN_GROUPS,
        slots.c.step == births.step,
        *_to_whom(births),
        *where,
    )
    return (await connection.execute(statement, groups)).rowcount


def bearing(
    connection: AsyncConnection,
    given: FromClause,
    state: ReminderState,
    reason: str | None,
    now: datetime,
    *where: ColumnElement[bool],
) -> Insert:
    """The INSERT for active permits in the groups of slots, or of rows like them."""
    source = (
        select(*_values(given.c, state, reason, now))
        .join_from(given, permits, same_group(permits.c, given.c))
        .where(
            permits.c.status == PermitStatus.ACTIVE,
            permits.c.replaced.is_(False),
            *where,
        )
        .order_by(given.c.closes_at, permits.c.id)  # they lie as they are claimed
    )
    statement = insert_into(connection, reminders).from_select(COLUMNS, source)
    return statement.on_conflict_do_nothing()


async def supersede(
    connection: AsyncConnection, step: str, groups: Named, now: datetime
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
        IN_GROUPS, slots.c.step == step, exists().where(due, earlier)
    )
    ids = (await connection.execute(overtaken, groups)).scalars().all()
    begun = exists().where(
        same_group(permits.c, slots.c), slots.c.step == step, earlier
    )
    for piece in in_pieces(ids):
        await move(
            connection,
            reminders.c.permit_id.in_(piece) & begun,
            ReminderState.SUPERSEDED,
            now,
            reason=f"by {step}",
        )


def _to_whom(births: Alike) -> list[ColumnElement[bool]]:
    chosen = []
    if births.early_only:
        chosen.append(permits.c.dated_at <= slots.c.due_at)
    if births.replaces:
        chosen.append(~_told_already(births.replaces))
    return chosen


def _told_already(replaced: Collection[str]) -> ColumnElement[bool]:
    """Whether the permit was, or may have been, texted in a step now replaced."""
    former = reminders.alias()
    return exists().where(
        former.c.permit_id == permits.c.id,
        former.c.expires_on == permits.c.expires_on,
        former.c.step.in_(replaced),
        former.c.state.not_in(UNTOLD),
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
