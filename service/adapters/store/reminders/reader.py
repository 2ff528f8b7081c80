"""`SqlReminderReader`: reminders page by page, with the reason of each hold."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, literal, select, text, tuple_

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import WAITING_REMINDER, permits, reminders
from service.adapters.store.reminders.transitions import REMINDER_KEY
from service.domain.delivery.status import CLAIMABLE, ReminderState
from service.flow.reports.message_views import (
    ReminderFilter,
    ReminderReader,
    ReminderView,
)

REMINDER_VIEW_COLUMNS: Final = (reminders, permits.c.shown_number)
"""The columns that `to_reminder_view` reads."""


class SqlReminderReader(ReminderReader):
    """Reads reminders for operators."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, filters: ReminderFilter, after: str | None, limit: int
    ) -> tuple[Sequence[ReminderView], str | None]:
        """A page of reminders by permit, and the cursor of the next page."""
        chosen = _select_filtered(filters).order_by(*REMINDER_KEY).limit(limit + 1)
        if after is not None:
            chosen = chosen.where(_is_after_cursor(after))
        async with self._database.read() as connection:
            rows = (await connection.execute(chosen)).all()
        page = rows[:limit]
        return [to_reminder_view(row) for row in page], _page_cursor(page[-1]) if len(
            rows
        ) > limit else None


def to_reminder_view(row: Row[Any]) -> ReminderView:
    """A reminder as an operator sees it."""
    waiting = row.state in CLAIMABLE
    return ReminderView(
        authority=row.authority,
        rule=row.rule,
        number=row.shown_number,
        step=row.step,
        expires_on=row.expires_on,
        due_at=row.due_at,
        until_at=row.until_at,
        state=ReminderState(row.state),
        reason=row.reason,
        hold_reason=row.hold_reason if waiting else None,
        next_at=row.next_at if waiting else None,
        sent_at=row.sent_at,
        message=row.message_id,
    )


def _select_filtered(filters: ReminderFilter) -> Select[Any]:
    chosen = select(*REMINDER_VIEW_COLUMNS).join_from(
        reminders, permits, permits.c.id == reminders.c.permit_id
    )
    if filters.state is not None:
        chosen = chosen.where(reminders.c.state == filters.state)
    if filters.rule is not None:
        chosen = chosen.where(reminders.c.rule == filters.rule)
    if filters.offices is not None:
        chosen = chosen.where(reminders.c.authority.in_(filters.offices))
    if filters.held is not None:
        chosen = chosen.where(is_held() if filters.held else ~is_held())
    return chosen


def is_held() -> ColumnElement[bool]:
    """Condition: the reminder is held for a reason."""
    return and_(
        text(f"reminders.{WAITING_REMINDER}"), reminders.c.hold_reason.is_not(None)
    )


def _page_cursor(row: Row[Any]) -> str:
    """The cursor at the end of a page: permit, expiry date and step."""
    return f"{row.permit_id}.{row.expires_on}.{row.step}"


def _is_after_cursor(cursor: str) -> ColumnElement[bool]:
    permit, expires_on, step = cursor.split(".", 2)
    key = (permit, date.fromisoformat(expires_on), step)
    types = [column.type for column in REMINDER_KEY]
    return tuple_(*REMINDER_KEY) > tuple_(*map(literal, key, types))
