"""Counts of reminders, messages, segments and holders: four units, never mixed.

A reminder counts on the day on which its first message was accepted. A message counts
on the day on which it was accepted, under the type of its first reminder; whether it
was delivered counts "as of" an instant.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    column,
    func,
    select,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import messages, permits, reminders
from service.adapters.store.db.types import Instant
from service.domain.delivery.status import MessageState
from service.domain.reports.tally import Span, Tally

_DELIVERED = (MessageState.DELIVERED, MessageState.READ)
_FAILED = (MessageState.UNDELIVERED, MessageState.FAILED, MessageState.CANCELED)

TallyKey = tuple[str, str]
"""(label of the span, value of the column `by`)."""


async def tallies(
    connection: AsyncConnection,
    spans: Sequence[Span],
    by: str,
    as_of: datetime,
    offices: Sequence[str] | None = None,
) -> dict[TallyKey, Tally]:
    """The counts of each span by the column `by`: "rule" or "authority".

    Counts what was accepted by `as_of`, of some authorities, or of all (None).
    """
    span = _span_table(spans)
    counted: dict[TallyKey, Tally] = {}
    for row in await connection.execute(_select_messages(span, by, as_of, offices)):
        counted[row.label, row.by] = Tally(
            messages=row.messages,
            delivered=row.delivered,
            failed=row.failed,
            segments=row.segments,
        )
    for row in await connection.execute(_select_reminders(span, by, as_of, offices)):
        key = row.label, row.by
        counted[key] = counted.get(key, Tally()) + Tally(reminded=row.reminded)
    return counted


async def holders(
    connection: AsyncConnection,
    spans: Sequence[Span],
    as_of: datetime,
    offices: Sequence[str] | None = None,
) -> dict[str, int]:
    """How many different holders were reminded in each span, by its label."""
    span = _span_table(spans)
    holder = func.coalesce(permits.c.holder_code, permits.c.holder)
    wanted = (
        select(span.c.label, func.count(holder.distinct()).label("holders"))
        .join_from(reminders, span, _within(reminders.c.sent_at, span))
        .join(permits, permits.c.id == reminders.c.permit_id)
        .where(
            reminders.c.sent_at <= as_of, is_in_offices(reminders.c.authority, offices)
        )
        .group_by(span.c.label)
    )
    return {row.label: row.holders for row in await connection.execute(wanted)}


def _span_table(spans: Sequence[Span]) -> Any:  # noqa: ANN401 - a VALUES of three columns
    rows = [(one.label, one.starts_at, one.ends_at) for one in spans]
    return (
        values(
            column("label", String),
            column("starts_at", Instant),
            column("ends_at", Instant),
        )
        .data(rows)
        .cte("span")
    )


def _select_messages(
    span: Any,  # noqa: ANN401 - as above
    by: str,
    as_of: datetime,
    offices: Sequence[str] | None,
) -> Select[Any]:
    settled = messages.c.final_at <= as_of
    grouped = messages.c[by].label("by")
    return (
        select(
            span.c.label,
            grouped,
            func.count().label("messages"),
            func.sum(messages.c.segments).label("segments"),
            _count(and_(messages.c.state.in_(_DELIVERED), settled)).label("delivered"),
            _count(and_(messages.c.state.in_(_FAILED), settled)).label("failed"),
        )
        .join_from(messages, span, _within(messages.c.accepted_at, span))
        .where(
            messages.c.accepted_at <= as_of,
            is_in_offices(messages.c.authority, offices),
        )
        .group_by(span.c.label, grouped)
    )


def _select_reminders(
    span: Any,  # noqa: ANN401 - as above
    by: str,
    as_of: datetime,
    offices: Sequence[str] | None,
) -> Select[Any]:
    grouped = reminders.c[by].label("by")
    return (
        select(
            span.c.label,
            grouped,
            func.count().label("reminded"),
        )
        .join_from(reminders, span, _within(reminders.c.sent_at, span))
        .where(
            reminders.c.sent_at <= as_of, is_in_offices(reminders.c.authority, offices)
        )
        .group_by(span.c.label, grouped)
    )


def _within(instant: ColumnElement[datetime], span: Any) -> ColumnElement[bool]:  # noqa: ANN401 - as above
    return and_(instant >= span.c.starts_at, instant < span.c.ends_at)


def is_in_offices(
    authority: ColumnElement[str], offices: Sequence[str] | None
) -> ColumnElement[bool]:
    """Rows of these authorities; None: of all."""
    return authority.is_not(None) if offices is None else authority.in_(offices)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0).cast(Integer))
