"""Reminders that ended without a text, and those that waited, as of an instant."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Subquery,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import reminder_events, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.reminders.transitions import same_reminder
from service.adapters.store.reports.tallies import is_in_offices
from service.domain.delivery.status import NEVER_ACCEPTED, NOT_ENDED, ReminderState
from service.domain.reminders.reasons import BEFORE_START, OVERTAKEN
from service.domain.reports.tally import Span

_REASON_OF_STATE: Mapping[str, str] = {
    ReminderState.SUPERSEDED: OVERTAKEN,
    ReminderState.FAILED: "refused",
}
"""States whose stored reasons are too many for a report: each counts as one reason."""


@dataclass(frozen=True, slots=True)
class ReminderEnds:
    """Reminders by what had become of them, as `ReportFigures` has them."""

    not_reminded: Mapping[str, int]
    waiting: int
    before_start: int


async def count_ends(
    connection: AsyncConnection, span: Span, offices: Sequence[str] | None
) -> ReminderEnds:
    """Count reminders that ended unsent in a span, and those still open then.

    The states are those at `span.known_by`: what happened later is left out.
    """
    then = _states_then(span, offices)
    its = then.c
    in_span = and_(its.since >= span.starts_at, its.since < span.ends_at)
    counted = (
        select(its.state, its.reason, in_span.label("in_span"), func.count())
        .where(
            or_(
                and_(its.state.in_(NOT_ENDED), its.was_due),
                and_(
                    its.state.in_([*NEVER_ACCEPTED, ReminderState.FAILED]),
                    its.was_unsent,
                    in_span,
                ),
            )
        )
        .group_by(its.state, its.reason, in_span)
    )
    waiting, by_reason = 0, Counter[str]()
    for state, reason, _, count in await connection.execute(counted):
        if state in NOT_ENDED:
            waiting += count
        else:
            by_reason[_REASON_OF_STATE.get(state, reason)] += count
    before_start = by_reason.pop(BEFORE_START, 0)
    return ReminderEnds(dict(by_reason), waiting, before_start)


def _states_then(span: Span, offices: Sequence[str] | None) -> Subquery:
    """Each reminder that existed at `span.known_by`, with its state at that instant.

    A reminder whose state has changed since had that of its last event by then; before
    its first event it was due, unless that event reopened it.
    """
    known_by = literal(span.known_by, Instant())
    has_changed = reminders.c.state_at > known_by
    last, first = reminder_events.alias(), reminder_events.alias()
    by_then = reminder_events.c.at <= known_by
    # In a CASE the events are looked for only where the state has changed.
    last_id = case((has_changed, _event_id(func.max, by_then)))
    first_id = case((has_changed & last.c.id.is_(None), _event_id(func.min)))
    joined = reminders.outerjoin(last, last.c.id == last_id).outerjoin(
        first, first.c.id == first_id
    )
    was_reopened = first.c.state == ReminderState.DUE
    return (
        select(
            case(
                (~has_changed, reminders.c.state),
                (last.c.id.is_not(None), last.c.state),
                (was_reopened, ReminderState.MISSED),
                else_=ReminderState.DUE,
            ).label("state"),
            case(
                (~has_changed, reminders.c.reason),
                (last.c.id.is_not(None), last.c.reason),
                (was_reopened, OVERTAKEN),
            ).label("reason"),
            case(
                (~has_changed, reminders.c.state_at),
                else_=func.coalesce(last.c.at, reminders.c.born_at),
            ).label("since"),
            or_(
                reminders.c.due_at < span.ends_at, reminders.c.redated_at > known_by
            ).label("was_due"),
            or_(reminders.c.sent_at.is_(None), reminders.c.sent_at > known_by).label(
                "was_unsent"
            ),
        )
        .select_from(joined)
        .where(
            reminders.c.born_at <= known_by,
            is_in_offices(reminders.c.authority, offices),
        )
        .subquery()
    )


def _event_id(
    choose: Callable[[ColumnElement[int]], ColumnElement[int]],
    *where: ColumnElement[bool],
) -> ScalarSelect[int]:
    """The id of the first or last event of a reminder, among those that match."""
    wanted = select(choose(reminder_events.c.id)).where(
        same_reminder(reminder_events, reminders), *where
    )
    return wanted.correlate(reminders).scalar_subquery()
