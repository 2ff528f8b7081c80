"""When messages were POSTed, and with that, when reminders were first sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from service.adapters.store.db.schema import messages, reminders
from service.domain.delivery.post_date import date_post


def posted_at_of(row: Row[Any], dated_at: datetime | None, now: datetime) -> datetime:
    """When a message was POSTed: as stored, or else by the provider's date.

    `row` is the message, before it counts as accepted.
    """
    if row.posted_at is not None:
        stored: datetime = row.posted_at
        return stored
    lease = row.lease_until - row.posted_after
    return date_post(dated_at, row.claimed_at, lease, now)


def first_posted_at(message_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """A reminder's instant of POST: it keeps that of its first accepted message."""
    wanted = select(messages.c.posted_at).where(messages.c.id == message_id)
    return func.coalesce(reminders.c.posted_at, wanted.scalar_subquery())
