"""Counts of reminders, messages, segments and holders: four units, never mixed.

A message counts on the day on which it was POSTed, under the type of its first
reminder; a reminder counts on the day of its first message. Each span has an instant
`known_by`: what was recorded later does not count, neither an acceptance nor a receipt.
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
    cast,
    column,
    exists,
    func,
    or_,
    select,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import messages, permits, receipts, reminders
from service.adapters.store.db.types import Instant
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER
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
    offices: Sequence[str] | None = None,
) -> dict[TallyKey, Tally]:
    """The counts of each span by the column `by`: "rule" or "authority".

    Counts some authorities, or all (None).
    """
    span = _span_table(spans)
    counted: dict[TallyKey, Tally] = {}
    for row in await connection.execute(_select_messages(span, by, offices)):
        counted[row.label, row.by] = Tally(
            messages=row.messages,
            delivered=row.delivered,
            failed=row.failed,
            segments=row.segments,
        )
    for row in await connection.execute(_select_reminders(span, by, offices)):
        key = row.label, row.by
        counted[key] = counted.get(key, Tally()) + Tally(reminded=row.reminded)
    return counted


async def holders(
    connection: AsyncConnection,
    spans: Sequence[Span],
    offices: Sequence[str] | None = None,
) -> dict[str, int]:
    """How many different holders were reminded in each span, by its label.

    A holder without a code is known by name and phone: two of one name are two holders
    unless they share a phone.
    """
    span = _span_table(spans)
    holder = case(
        (permits.c.holder_code.is_not(None), "code " + permits.c.holder_code),
        else_=cast(messages.c.recipient_id, String) + " " + permits.c.holder,
    )
    wanted = (
        select(span.c.label, func.count(holder.distinct()).label("holders"))
        .join_from(reminders, span, _reminded_in(span))
        .join(permits, permits.c.id == reminders.c.permit_id)
        .join(messages, messages.c.id == reminders.c.message_id)
        .where(is_in_offices(reminders.c.authority, offices))
        .group_by(span.c.label)
    )
    return {row.label: row.holders for row in await connection.execute(wanted)}


def _span_table(spans: Sequence[Span]) -> Any:  # noqa: ANN401 - a VALUES of four columns
    rows = [(one.label, one.starts_at, one.ends_at, one.known_by) for one in spans]
    return (
        values(
            column("label", String),
            column("starts_at", Instant),
            column("ends_at", Instant),
            column("known_by", Instant),
        )
        .data(rows)
        .cte("span")
    )


def _select_messages(
    span: Any,  # noqa: ANN401 - as above
    by: str,
    offices: Sequence[str] | None,
) -> Select[Any]:
    its, known_by = messages.c, span.c.known_by
    is_settled = its.final_at <= known_by
    is_delivered = its.state.in_(_DELIVERED)
    # Delivered since, after it had failed: then it counted as failed.
    had_failed = exists().where(
        receipts.c.message_id == its.id,
        receipts.c.moved,
        receipts.c.state.in_(_FAILED),
        receipts.c.received_at <= known_by,
    )
    failed = or_(
        and_(its.state.in_(_FAILED), is_settled),
        and_(is_delivered, its.final_at > known_by, had_failed),
    )
    grouped = messages.c[by].label("by")
    return (
        select(
            span.c.label,
            grouped,
            func.count().label("messages"),
            func.sum(messages.c.segments).label("segments"),
            _count(and_(is_delivered, is_settled)).label("delivered"),
            _count(failed).label("failed"),
        )
        .join_from(messages, span, _within(its.posted_at, its.accepted_at, span))
        .where(is_in_offices(messages.c.authority, offices), IS_TO_HOLDER)
        .group_by(span.c.label, grouped)
    )


def _select_reminders(
    span: Any,  # noqa: ANN401 - as above
    by: str,
    offices: Sequence[str] | None,
) -> Select[Any]:
    grouped = reminders.c[by].label("by")
    return (
        select(
            span.c.label,
            grouped,
            func.count().label("reminded"),
        )
        .join_from(reminders, span, _reminded_in(span))
        .where(is_in_offices(reminders.c.authority, offices))
        .group_by(span.c.label, grouped)
    )


def _reminded_in(span: Any) -> ColumnElement[bool]:  # noqa: ANN401 - as above
    return _within(reminders.c.posted_at, reminders.c.sent_at, span)


def _within(
    posted_at: ColumnElement[datetime],
    recorded_at: ColumnElement[datetime],
    span: Any,  # noqa: ANN401 - as above
) -> ColumnElement[bool]:
    return and_(
        posted_at >= span.c.starts_at,
        posted_at < span.c.ends_at,
        recorded_at <= span.c.known_by,
    )


def is_in_offices(
    authority: ColumnElement[str], offices: Sequence[str] | None
) -> ColumnElement[bool]:
    """Rows of these authorities; None: of all."""
    return authority.is_not(None) if offices is None else authority.in_(offices)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0).cast(Integer))
