"""Catching up at the start: the current steps are born due, and spread over days."""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    case,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import permits, reminders, slots
from service.adapters.store.db.types import Instant
from service.adapters.store.permits.textable import textable
from service.adapters.store.reminders.transitions import REMINDER_KEY, transition
from service.adapters.store.slots.births import create_reminders_statement
from service.adapters.store.slots.expand import expand_groups, load_due_groups
from service.adapters.store.slots.group_key import (
    SLOT_GROUP_COLUMNS,
    GroupKey,
    group_key,
)
from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import ReminderState
from service.domain.go_live.go_live import LONGEST_OVERRUN, GoLive, spread_catch_up
from service.domain.law.rule import CORRECTION
from service.domain.reminders.births import DueGroup
from service.domain.reminders.reasons import BEFORE_START
from service.flow.office.go_live import CatchUpPlan


async def catch_up(
    connection: AsyncConnection, start: GoLive, plan: CatchUpPlan, now: datetime
) -> int:
    """Text who is in a step already, what ends soonest first; how many will be.

    Who is past closing is told to contact the office, where the plan says so. Steps
    that are over are left to the next tick.
    """
    tried = await _group_keys(
        connection, _current_slots(start, now), slots.c.reminded.is_(True)
    )
    await expand_groups(connection, await load_due_groups(connection, tried, now), now)
    await _create_current_reminders(connection, start, now)
    await _create_contact_reminders(connection, start, plan, now)
    return await _spread_over_days(connection, start, plan.day_starts)


async def end_due_before_start(
    connection: AsyncConnection, start: GoLive, now: datetime
) -> None:
    """End what a trial left due and a start that does not catch up will not text."""
    await transition(
        connection,
        _due_reminders_of(start) & (reminders.c.due_at < start.live_from),
        ReminderState.MISSED,
        now,
        reason=BEFORE_START,
    )


def _slots_of(start: GoLive) -> ColumnElement[bool]:
    return and_(slots.c.authority == start.authority, slots.c.rule.in_(start.rules))


def _current_slots(start: GoLive, now: datetime) -> ColumnElement[bool]:
    """The slots that are current; but for a trial, none of them is expanded."""
    return and_(_slots_of(start), slots.c.due_at <= now, slots.c.until_at > now)


async def _group_keys(
    connection: AsyncConnection, *where: ColumnElement[bool]
) -> list[GroupKey]:
    rows = await connection.execute(
        select(*SLOT_GROUP_COLUMNS).distinct().where(*where)
    )
    return [(row.series, row.authority, row.expires_on) for row in rows]


async def _create_current_reminders(
    connection: AsyncConnection, start: GoLive, now: datetime
) -> None:
    """Give the current step to all groups in which nobody had a reminder yet."""
    untold = (_current_slots(start, now), slots.c.expanded_at.is_(None))
    due = create_reminders_statement(
        connection, slots, ReminderState.DUE, None, now, *untold
    )
    await connection.execute(due)
    await connection.execute(update(slots).where(*untold).values(expanded_at=now))


async def _create_contact_reminders(
    connection: AsyncConnection, start: GoLive, plan: CatchUpPlan, now: datetime
) -> None:
    had = (
        _slots_of(start),
        slots.c.due_at <= now,
        slots.c.expires_on > now.date() - LONGEST_OVERRUN,
    )
    past = set(await _group_keys(connection, *had))
    past -= set(await _group_keys(connection, _current_slots(start, now)))
    told = {key: slot for key in past if (slot := plan.contact_now_slot(*key))}
    for group in await load_due_groups(connection, told, now):
        late = _slot_row(group, told[group_key(group)])
        due = create_reminders_statement(connection, late, ReminderState.DUE, None, now)
        await connection.execute(due)


def _slot_row(group: DueGroup, step: Slot) -> Subquery:
    """A step that is in no ladder, as a row of slots would have it."""
    values = {
        **{name: getattr(group, name) for name in ("series", "authority", "rule")},
        **{name: getattr(step, name) for name in ("step", "template")},
        "expires_on": group.expires_on,
        "version_id": group.version,
        "due_at": step.due_at,
        "until_at": step.until_at,
        "closes_at": step.closes_at,
        "redated_at": None,
    }
    row = (literal(it, slots.c[name].type).label(name) for name, it in values.items())
    return select(*row).subquery()


def _due_reminders_of(start: GoLive) -> ColumnElement[bool]:
    return and_(
        reminders.c.authority == start.authority,
        reminders.c.rule.in_(start.rules),
        reminders.c.state == ReminderState.DUE,
        ~reminders.c.step.startswith(CORRECTION),
    )


async def _spread_over_days(
    connection: AsyncConnection, start: GoLive, days: Sequence[datetime]
) -> int:
    """Put off what can be texted; all else ends at the next tick, with its reason."""
    of_permits = permits.c.id == reminders.c.permit_id
    counted = (
        select(reminders.c.until_at, func.count().label("waiting"))
        .join_from(reminders, permits, of_permits)
        .where(_due_reminders_of(start), textable())
        .group_by(reminders.c.until_at)
        .order_by(reminders.c.until_at)
    )
    rows = (await connection.execute(counted)).all()
    shares = spread_catch_up([(row.until_at, row.waiting) for row in rows], days)
    ends = list(accumulate(count for _, count in shares))
    order = (reminders.c.until_at, *REMINDER_KEY)
    ranked = (
        select(*REMINDER_KEY, func.row_number().over(order_by=order).label("rank"))
        .join_from(reminders, permits, of_permits)
        .where(_due_reminders_of(start), textable())
        .subquery()
    )
    whens = [
        (ranked.c.rank <= end, literal(day, Instant()))
        for end, (day, _) in zip(ends, shares, strict=True)
    ]
    await connection.execute(
        update(reminders)
        .where(*(column == ranked.c[column.name] for column in REMINDER_KEY))
        .values(next_at=case(*whens), hold_reason=None)
    )
    return ends[-1]
