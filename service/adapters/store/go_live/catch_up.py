"""Catch-up at a start: current steps get reminders, spread over several days."""

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
from service.adapters.store.reminders.transitions import REMINDER_KEY, transition
from service.adapters.store.slots.create_reminders import create_reminders_statement
from service.adapters.store.slots.due_groups import load_due_groups
from service.adapters.store.slots.expand import expand_groups
from service.adapters.store.slots.group_key import SLOT_GROUP_COLUMNS, group_key
from service.adapters.store.slots.slot_rows import slot_values
from service.adapters.store.slots.textable import textable
from service.domain.deadlines.slot import GroupKey, Slot
from service.domain.delivery.status import ReminderState
from service.domain.go_live.go_live import LONGEST_OVERRUN, GoLive, spread_catch_up
from service.domain.law.rule import CORRECTION
from service.domain.reminders.planned_reminders import DueGroup
from service.domain.reminders.reasons import BEFORE_START
from service.flow.office.go_live import CatchUpPlan


async def catch_up(
    connection: AsyncConnection, start: GoLive, plan: CatchUpPlan, now: datetime
) -> int:
    """Create the reminders of current steps, and spread them; how many will be sent.

    Permits past their closing get the step `contact-now`, where the plan has one. Steps
    that are over are left to the next expansion.
    """
    after_trial = await _group_keys(
        connection, _current_slots(start, now), slots.c.reminded.is_(True)
    )
    groups = await load_due_groups(connection, after_trial, now)
    await expand_groups(connection, groups, now)
    await _create_current_reminders(connection, start, now)
    await _create_contact_reminders(connection, start, plan, now)
    return await _spread_over_days(connection, start, plan.day_starts)


async def end_due_before_start(
    connection: AsyncConnection, start: GoLive, now: datetime
) -> None:
    """End due reminders of a trial that a start without catch-up will not send."""
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
    """The current slots; none is expanded, unless the type was on trial."""
    return and_(_slots_of(start), slots.c.due_at <= now, slots.c.until_at > now)


async def _group_keys(
    connection: AsyncConnection, *where: ColumnElement[bool]
) -> list[GroupKey]:
    rows = await connection.execute(
        select(*SLOT_GROUP_COLUMNS).distinct().where(*where)
    )
    return [*map(group_key, rows)]


async def _create_current_reminders(
    connection: AsyncConnection, start: GoLive, now: datetime
) -> None:
    """Expand the current slots of groups in which no permit had a reminder yet."""
    unexpanded = (_current_slots(start, now), slots.c.expanded_at.is_(None))
    insert = create_reminders_statement(
        connection, slots, ReminderState.DUE, None, now, *unexpanded
    )
    await connection.execute(insert)
    await connection.execute(update(slots).where(*unexpanded).values(expanded_at=now))


async def _create_contact_reminders(
    connection: AsyncConnection, start: GoLive, plan: CatchUpPlan, now: datetime
) -> None:
    """Create `contact-now` in groups whose steps are over, if expiry is recent."""
    past = await _group_keys(
        connection,
        _slots_of(start),
        slots.c.due_at <= now,
        slots.c.expires_on > now.date() - LONGEST_OVERRUN,
    )
    current = await _group_keys(connection, _current_slots(start, now))
    contact_slots = {
        key: slot
        for key in {*past} - {*current}
        if (slot := plan.contact_now_slot(*key))
    }
    for group in await load_due_groups(connection, contact_slots, now):
        slot_row = _slot_row(group, contact_slots[group_key(group)])
        insert = create_reminders_statement(
            connection, slot_row, ReminderState.DUE, None, now
        )
        await connection.execute(insert)


def _slot_row(group: DueGroup, slot: Slot) -> Subquery:
    """A slot that is not stored, as a row of the table of slots."""
    values = slot_values(slot) | {
        "series": group.series,
        "authority": group.authority,
        "expires_on": group.expires_on,
        "rule": group.rule,
        "version_id": group.version,
        "redated_at": None,
    }
    columns = (
        literal(value, slots.c[name].type).label(name) for name, value in values.items()
    )
    return select(*columns).subquery()


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
    """Spread the reminders that can be texted, those that end soonest first; how many.

    All others stay due now, so that the next tick ends them with their reason.
    """
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
    day_by_rank = [
        (ranked.c.rank <= end, literal(day, Instant()))
        for end, (day, _) in zip(ends, shares, strict=True)
    ]
    await connection.execute(
        update(reminders)
        .where(*(column == ranked.c[column.name] for column in REMINDER_KEY))
        .values(next_at=case(*day_by_rank), hold_reason=None)
    )
    return ends[-1]
