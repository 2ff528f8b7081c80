"""Slots that fall due, each with how many permits it would remind: nothing is born."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, exists, func, or_, select

from service.adapters.store.db.schema import golives, permits, reminders, slots
from service.adapters.store.reminders.transitions import IS_DUE
from service.adapters.store.slots.group_key import same_group
from service.domain.law.rule import RESERVED_STEPS
from service.domain.permits.permit import PermitStatus
from service.domain.reminders.reasons import NO_ROUTE

IS_REMINDED: Final = and_(
    permits.c.status == PermitStatus.ACTIVE,
    permits.c.replaced.is_(False),
    permits.c.renewal_filed_on.is_(None),
)
"""Permits that a step reminds of."""

IS_AFTER_GO_LIVE: Final = golives.c.live_from <= slots.c.due_at
"""Slots that do not lie before their start."""


_PERMITS: Final = (
    select(func.count())
    .where(same_group(permits.c, slots.c), IS_REMINDED)
    .correlate(slots)
    .scalar_subquery()
)
"""Those of a slot; joined, SQLite would begin with all permits of an authority."""


def select_due_counts(*where: ColumnElement[bool]) -> Select[Any]:
    """Reminders of live slots by rule and instant, expanded already or not."""
    live = and_(
        golives.c.authority == slots.c.authority,
        golives.c.rule == slots.c.rule,
        golives.c.state == "live",
    )
    number = func.sum(_PERMITS).cast(Integer).label("reminders")
    return (
        select(slots.c.rule, slots.c.due_at, number)
        .join_from(slots, golives, live)
        .where(*where)
        .group_by(slots.c.rule, slots.c.due_at)
    )


def is_due_between(starts_at: datetime, ends_at: datetime) -> ColumnElement[bool]:
    """Slots that fall due in a span, its end left out, once their type is live."""
    due_at = slots.c.due_at
    return and_(due_at >= starts_at, due_at < ends_at, IS_AFTER_GO_LIVE)


def is_overdue_slot(before: datetime, now: datetime) -> ColumnElement[bool]:
    """Slots that fell due while nothing ran, or that a change moved, and are current.

    As `births` decides: a start does not keep back what it catches up with, or what
    the law has moved behind it.
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
    """Reminders that `between` does not count by a slot due from `since` on.

    Corrections and the like have none; what a start catches up with lies before it, and
    a trial has no start.
    """
    made = or_(*(reminders.c.step.startswith(one) for one in RESERVED_STEPS))
    started = exists().where(
        golives.c.authority == reminders.c.authority,
        golives.c.rule == reminders.c.rule,
        golives.c.state == "live",
        golives.c.live_from <= reminders.c.due_at,
    )
    return or_(reminders.c.due_at < since, made, ~started)


def is_carried_over(
    since: datetime, ends_at: datetime, authorities: Sequence[str]
) -> ColumnElement[bool]:
    """Reminders due before, and to be looked at before an instant."""
    return and_(
        _may_be_sent(authorities),
        reminders.c.next_at < ends_at,
        is_outside_slot_count(since),
    )


def is_held_beyond(
    since: datetime, from_at: datetime, authorities: Sequence[str]
) -> ColumnElement[bool]:
    """Reminders that `between` counts by slots due from `since` on, and held longer."""
    return and_(
        _may_be_sent(authorities),
        reminders.c.next_at >= from_at,
        ~is_outside_slot_count(since),
    )


def _may_be_sent(authorities: Sequence[str]) -> ColumnElement[bool]:
    """What is due, but for that to which no way leads: somebody must open one first."""
    return and_(
        IS_DUE,
        reminders.c.hold_reason.is_distinct_from(NO_ROUTE),
        reminders.c.authority.in_(authorities),
    )
