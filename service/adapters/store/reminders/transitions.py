"""The one way a reminder changes state: guarded by its state, recorded as an event."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Select,
    and_,
    exists,
    insert,
    literal_column,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import json_rows_like
from service.adapters.store.db.schema import reminder_events, reminders
from service.domain.delivery.status import NEVER_TEXTED, ReminderState, states_before

ReminderKey = tuple[str, date, str]
"""(permit_id, expires_on, step)."""

ReminderEvent = tuple[str, date, str, datetime, ReminderState, str | None, str | None]
"""A key, the instant, the new state, its reason, and the message of it."""

REMINDER_KEY = (reminders.c.permit_id, reminders.c.expires_on, reminders.c.step)


async def transition(
    connection: AsyncConnection,
    where: ColumnElement[bool],
    state: ReminderState,
    now: datetime,
    *,
    reason: str | None = None,
    values: Mapping[str, object] | None = None,
) -> list[ReminderKey]:
    """Move matching reminders that may become `state`; the keys of those moved."""
    moved = await connection.execute(
        update(reminders)
        .where(where, reminders.c.state.in_(states_before(state)))
        .values(state=state, reason=reason, state_at=now, hold_reason=None)
        .values(**(values or {}))
        .returning(*REMINDER_KEY, reminders.c.message_id)
    )
    rows = moved.all()
    events = [(*row[:3], now, state, reason, row.message_id) for row in rows]
    await append_events(connection, events)
    return [(row.permit_id, row.expires_on, row.step) for row in rows]


async def append_events(
    connection: AsyncConnection, events: Sequence[ReminderEvent]
) -> None:
    """Append events of reminders; they are never changed."""
    if events:
        await connection.execute(
            _INSERT_EVENTS, _EVENTS.bind(connection.dialect, events)
        )


_EVENTS = json_rows_like(
    reminder_events,
    ("permit_id", "expires_on", "step", "at", "state", "reason", "message_id"),
)


def append_events_statement(events: Select[*tuple[Any, ...]]) -> Insert:
    """Append the events that a query finds, in the columns of `ReminderEvent`."""
    return insert(reminder_events).from_select(_EVENTS.column_names, events)


_INSERT_EVENTS = append_events_statement(select(_EVENTS.table))


def was_texted_in(
    steps: Collection[str | ColumnElement[str]] | Select[Any],
    permit_id: ColumnElement[str],
    expires_on: ColumnElement[date],
    before: ColumnElement[datetime] | datetime | None = None,
) -> ColumnElement[bool]:
    """Whether a permit was, or may have been, texted in one of these steps.

    With `before`, whether it was by that instant.
    """
    former = reminders.alias()
    texted = exists().where(
        former.c.permit_id == permit_id,
        former.c.expires_on == expires_on,
        former.c.step.in_(steps),
        former.c.state.not_in(NEVER_TEXTED),
        true() if before is None else former.c.sent_at < before,
    )
    return texted.correlate_except(former)


def same_reminder(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Condition: rows of two tables, or queries, are about the same reminder."""
    return and_(
        one.c.permit_id == other.c.permit_id,
        one.c.expires_on == other.c.expires_on,
        one.c.step == other.c.step,
    )


def with_keys(keys: Iterable[ReminderKey]) -> ColumnElement[bool]:
    """Condition: the reminder has one of these keys.

    Names the permits as well: SQLite cannot seek a list of row values in an index.
    """
    wanted = list(keys)
    permits = {permit_id for permit_id, _, _ in wanted}
    return and_(reminders.c.permit_id.in_(permits), tuple_(*REMINDER_KEY).in_(wanted))


def has_state(state: ReminderState) -> ColumnElement[bool]:
    """The reminders in a state, in the words of its partial index: so it is used."""
    return reminders.c.state == literal_column(f"'{state}'")


IS_DUE = has_state(ReminderState.DUE)
