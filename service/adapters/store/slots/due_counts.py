"""Reminders of coming slots counted, before any of them is created."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, exists, func, or_, select

from service.adapters.store.db.schema import golives, permits, reminders, slots
from service.adapters.store.reminders.transitions import IS_DUE
from service.adapters.store.slots.conditions import IS_LIVE, IS_REMINDED, go_live_of
from service.adapters.store.slots.group_key import same_group
from service.domain.law.rule import RESERVED_STEPS
from service.domain.reminders.reasons import NO_ROUTE

IS_AFTER_GO_LIVE: Final = golives.c.live_from <= slots.c.due_at
"""Slots that fall due after their type went live."""

_PERMITS_OF_SLOT: Final = (
    select(func.count())
    .where(same_group(permits.c, slots.c), IS_REMINDED)
    .correlate(slots)
    .scalar_subquery()
)
"""How many permits a slot reminds.

A subquery, because SQLite would begin a join with all permits of an authority.
"""


def select_due_counts(*where: ColumnElement[bool]) -> Select[Any]:
    """Count the reminders of live slots by rule and `due_at`, expanded or not."""
    number = func.sum(_PERMITS_OF_SLOT).cast(Integer).label("reminders")
    return (
        select(slots.c.rule, slots.c.due_at, number)
        .join_from(slots, golives, go_live_of(slots.c))
        .where(IS_LIVE, *where)
        .group_by(slots.c.rule, slots.c.due_at)
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
