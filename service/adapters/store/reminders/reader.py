"""`ReminderReader`: reminders page by page, a held one with its reason and instant."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, literal, select, tuple_

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import permits, reminders
from service.adapters.store.reminders.transitions import REMINDER_KEY
from service.domain.delivery.status import CLAIMABLE, ReminderState
from service.flow.reports.message_views import (
    ReminderFilter,
    ReminderReader,
    ReminderView,
)

REMINDER_VIEW_COLUMNS: Final = (reminders, permits.c.shown_number)
"""The columns that `seen` reads."""


class SqlReminderReader(ReminderReader):
    """Looking reminders up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, filters: ReminderFilter, after: str | None, limit: int
    ) -> tuple[Sequence[ReminderView], str | None]:
        """Reminders by permit, from the one after `after`, and the next `after`."""
        chosen = _select_wanted(filters).order_by(*REMINDER_KEY).limit(limit + 1)
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


def _select_wanted(wanted: ReminderFilter) -> Select[Any]:
    chosen = select(*REMINDER_VIEW_COLUMNS).join_from(
        reminders, permits, permits.c.id == reminders.c.permit_id
    )
    if wanted.state is not None:
        chosen = chosen.where(reminders.c.state == wanted.state)
    if wanted.rule is not None:
        chosen = chosen.where(reminders.c.rule == wanted.rule)
    if wanted.offices is not None:
        chosen = chosen.where(reminders.c.authority.in_(wanted.offices))
    if wanted.held is not None:
        chosen = chosen.where(is_held() if wanted.held else ~is_held())
    return chosen


def is_held() -> ColumnElement[bool]:
    """Whether it waits for a reason of its own."""
    return and_(reminders.c.state.in_(CLAIMABLE), reminders.c.hold_reason.is_not(None))


def _page_cursor(row: Row[Any]) -> str:
    """Where a page ends: permit, expiry date and step."""
    return f"{row.permit_id}.{row.expires_on}.{row.step}"


def _is_after_cursor(mark: str) -> ColumnElement[bool]:
    permit, expires_on, step = mark.split(".", 2)
    key = (permit, date.fromisoformat(expires_on), step)
    types = [column.type for column in REMINDER_KEY]
    return tuple_(*REMINDER_KEY) > tuple_(*map(literal, key, types))
