"""Reminders of coming slots counted, before any of them is created."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    and_,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import golives, permits, reminders, slots
from service.adapters.store.reminders.transitions import IS_DUE, was_texted_in
from service.adapters.store.slots.conditions import IS_LIVE, IS_REMINDED, go_live_of
from service.adapters.store.slots.group_key import same_group
from service.adapters.store.slots.step_order import (
    EXCLUDING_STEPS,
    IS_SLOT_WITH_EXCLUDING_STEPS,
    bind_excluding_steps,
    had_excluding_text,
)
from service.domain.law.rule import RESERVED_STEPS
from service.domain.reminders.reasons import NO_ROUTE
from service.domain.reports.forecast import DueCount

IS_AFTER_GO_LIVE: Final = golives.c.live_from <= slots.c.due_at
"""Slots that fall due after their type went live."""

_LIVE_RULES: Final = select(golives.c.rule).where(IS_LIVE)


async def count_due(
    connection: AsyncConnection,
    *where: ColumnElement[bool],
    as_of: datetime | None = None,
    with_sent: bool = False,
) -> list[DueCount]:
    """Count the reminders of live slots by rule and `due_at`, expanded or not.

    Leaves out permits that were texted (by `as_of`, if given) in a step that excludes
    this one, or in this step; `with_sent` counts those texted since the slot fell due.
    """
    permits_of_slot = _count_permits_of_slot(as_of, with_sent=with_sent)
    number = func.sum(permits_of_slot).cast(Integer).label("reminders")
    wanted = (
        select(slots.c.rule, slots.c.due_at, number)
        .join_from(slots, golives, go_live_of(slots.c))
        .outerjoin(EXCLUDING_STEPS, IS_SLOT_WITH_EXCLUDING_STEPS)
        .where(IS_LIVE, *where)
        .group_by(slots.c.rule, slots.c.due_at)
    )
    steps = await bind_excluding_steps(connection, _LIVE_RULES)
    return [DueCount(*row) for row in await connection.execute(wanted, steps)]


async def find_next_slot(
    connection: AsyncConnection, now: datetime
) -> tuple[datetime, str] | None:
    """When the next live slot with a reminder falls due, and in which authority."""
    wanted = (
        select(slots.c.due_at, slots.c.authority)
        .join_from(slots, golives, go_live_of(slots.c))
        .outerjoin(EXCLUDING_STEPS, IS_SLOT_WITH_EXCLUDING_STEPS)
        .where(
            IS_LIVE,
            IS_AFTER_GO_LIVE,
            slots.c.expanded_at.is_(None),
            slots.c.due_at > now,
            _count_permits_of_slot(None, with_sent=False) > 0,
        )
        .order_by(slots.c.due_at, slots.c.authority)
        .limit(1)
    )
    steps = await bind_excluding_steps(connection, _LIVE_RULES)
    row = (await connection.execute(wanted, steps)).one_or_none()
    return (row.due_at, row.authority) if row else None


def _count_permits_of_slot(
    as_of: datetime | None, *, with_sent: bool
) -> ScalarSelect[int]:
    """How many permits a slot reminds.

    A subquery, because SQLite would begin a join with all permits of an authority.
    """
    permit = permits.c.id, permits.c.expires_on
    return (
        select(func.count())
        .where(
            same_group(permits.c, slots.c),
            IS_REMINDED,
            ~was_texted_in(
                [slots.c.step], *permit, slots.c.due_at if with_sent else None
            ),
            ~had_excluding_text(as_of),
        )
        .correlate(slots, EXCLUDING_STEPS)
        .scalar_subquery()
    )


def is_due_between(starts_at: datetime, ends_at: datetime) -> ColumnElement[bool]:
    """Slots that fall due in [starts_at, ends_at) and after their type went live."""
    due_at = slots.c.due_at
    return and_(due_at >= starts_at, due_at < ends_at, IS_AFTER_GO_LIVE)


def is_overdue_slot(before: datetime, now: datetime) -> ColumnElement[bool]:
    """Slots due before an instant that are current and not expanded yet.

    No worker ran, or a change of the law moved them. Counts what `plan_reminders` would
    create: slots before the start only where it catches up or the law moved them.
    """
    return and_(
        slots.c.expanded_at.is_(None),
        slots.c.due_at < before,
        slots.c.until_at > now,
        golives.c.live_from <= now,
        or_(
            IS_AFTER_GO_LIVE,
            slots.c.redated_at.is_not(None),
            golives.c.catch_up_days > 0,
        ),
    )


def is_outside_slot_count(since: datetime) -> ColumnElement[bool]:
    """Reminders that `is_due_between` does not count by a slot due from `since` on.

    Corrections and other reserved steps have no slot, a catch-up's slots lie before
    the start, and a trial has no start.
    """
    has_reserved_step = or_(
        *(reminders.c.step.startswith(step) for step in RESERVED_STEPS)
    )
    is_after_go_live = exists().where(
        go_live_of(reminders.c), IS_LIVE, golives.c.live_from <= reminders.c.due_at
    )
    return or_(reminders.c.due_at < since, has_reserved_step, ~is_after_go_live)


def is_carried_over(
    since: datetime, ends_at: datetime, authorities: Sequence[str]
) -> ColumnElement[bool]:
    """Due reminders outside the slot count that may be sent before `ends_at`."""
    return and_(
        _may_be_sent(authorities),
        reminders.c.next_at < ends_at,
        is_outside_slot_count(since),
    )


def is_held_beyond(
    since: datetime, from_at: datetime, authorities: Sequence[str]
) -> ColumnElement[bool]:
    """Due reminders inside the slot count that are held until `from_at` or later."""
    return and_(
        _may_be_sent(authorities),
        reminders.c.next_at >= from_at,
        ~is_outside_slot_count(since),
    )


def _may_be_sent(authorities: Sequence[str]) -> ColumnElement[bool]:
    """Due reminders, except those that wait until somebody opens a route to them."""
    return and_(
        IS_DUE,
        reminders.c.hold_reason.is_distinct_from(NO_ROUTE),
        reminders.c.authority.in_(authorities),
    )
