"""`SqlMessageReader`: messages, and all that is stored about one; phones masked."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Row, Select, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    actions,
    message_reminders,
    messages,
    permits,
    receipts,
    recipients,
    reminder_events,
    reminders,
)
from service.adapters.store.reminders.reader import (
    REMINDER_VIEW_COLUMNS,
    to_reminder_view,
)
from service.adapters.store.reminders.transitions import same_reminder
from service.adapters.store.sending.resolve import IS_OPEN_MESSAGE, awaiting_operator
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.errors import UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.reports.message_views import (
    ActionView,
    MessageDetails,
    MessageFilter,
    MessageReader,
    MessageView,
    ReceiptView,
    TransitionView,
)

T = TypeVar("T")

_WAITS_FOR: Final = case(
    (awaiting_operator(), "operator"),
    (messages.c.state == MessageState.UNCERTAIN, "service"),
)


_OPEN_IDS: Final = select(messages.c.id).where(IS_OPEN_MESSAGE)
"""A subquery, so that the partial index is used; else the table is read whole."""


class SqlMessageReader(MessageReader):
    """Reads messages for operators."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, filters: MessageFilter, after: str | None, limit: int
    ) -> Sequence[MessageView]:
        """Messages that follow the id `after`, in the order of their claims."""
        chosen = _messages().order_by(messages.c.id).limit(limit)
        if filters.state is not None:
            chosen = chosen.where(messages.c.state == filters.state)
        if filters.offices is not None:
            chosen = chosen.where(messages.c.authority.in_(filters.offices))
        if filters.open:
            chosen = chosen.where(messages.c.id.in_(_OPEN_IDS))
        if after is not None:
            chosen = chosen.where(messages.c.id > after)
        async with self._database.read() as connection:
            return [_message(row) for row in await connection.execute(chosen)]

    async def get(self, message_id: str) -> MessageDetails:
        """A message with all that is stored about it; raises `UnknownError`."""
        async with self._database.read() as connection:
            wanted = _messages().where(messages.c.id == message_id)
            row = (await connection.execute(wanted)).first()
            if row is None:
                raise UnknownError("message", safe_label(message_id))
            return MessageDetails(
                message=_message(row),
                body=row.body,
                reminders=await _all(
                    connection, _reminders_of(row.id), to_reminder_view
                ),
                moves=await _all(
                    connection, _select_events(row.id), _to_transition_view
                ),
                receipts=await _all(connection, _receipts_of(row), _receipt),
                acts=await _all(connection, _select_actions(row.id), _to_action_view),
            )


async def _all(
    connection: AsyncConnection,
    wanted: Select[Any],
    to_view: Any,  # noqa: ANN401
) -> list[Any]:
    return [to_view(row) for row in await connection.execute(wanted)]


def _messages() -> Select[Any]:
    return select(
        messages, recipients.c.masked, _WAITS_FOR.label("waits_for")
    ).join_from(messages, recipients)


def _reminders_of(message_id: str) -> Select[Any]:
    return (
        select(*REMINDER_VIEW_COLUMNS)
        .join_from(
            message_reminders, reminders, same_reminder(message_reminders, reminders)
        )
        .join(permits, permits.c.id == reminders.c.permit_id)
        .where(message_reminders.c.message_id == message_id)
        .order_by(message_reminders.c.position)
    )


def _select_events(message_id: str) -> Select[Any]:
    """Select the events of its reminders while it was their latest message."""
    return (
        select(reminder_events, permits.c.rule, permits.c.shown_number)
        .join_from(
            message_reminders,
            reminder_events,
            same_reminder(message_reminders, reminder_events),
        )
        .join(permits, permits.c.id == reminder_events.c.permit_id)
        .where(
            message_reminders.c.message_id == message_id,
            reminder_events.c.message_id == message_id,
        )
        .order_by(reminder_events.c.id)
    )


def _receipts_of(row: Row[Any]) -> Select[Any]:
    return (
        select(receipts).where(receipts.c.message_id == row.id).order_by(receipts.c.id)
    )


def _select_actions(message_id: str) -> Select[Any]:
    return (
        select(actions)
        .where(actions.c.detail["message"].as_string() == message_id)
        .order_by(actions.c.id)
    )


def _message(row: Row[Any]) -> MessageView:
    return MessageView(
        id=row.id,
        authority=row.authority,
        office=row.office,
        rule=row.rule,
        template=row.template,
        template_version=row.template_version,
        language=row.language,
        to=row.masked,
        segments=row.segments,
        provider=row.provider,
        provider_id=row.provider_id,
        state=MessageState(row.state),
        reason=row.reason,
        kind=row.kind,
        code=row.code,
        attempt=row.attempt,
        claimed_at=row.claimed_at,
        posted_at=row.posted_at,
        accepted_at=row.accepted_at,
        final_at=row.final_at,
        waits_for=row.waits_for,
    )


def _to_transition_view(row: Row[Any]) -> TransitionView:
    return TransitionView(
        at=row.at,
        rule=row.rule,
        number=row.shown_number,
        step=row.step,
        state=ReminderState(row.state),
        reason=row.reason,
    )


def _receipt(row: Row[Any]) -> ReceiptView:
    return ReceiptView(
        received_at=row.received_at,
        provider_id=row.provider_id,
        state=MessageState(row.state) if row.state else None,
        code=row.code,
        moved=row.moved,
        raw=row.raw,
    )


def _to_action_view(row: Row[Any]) -> ActionView:
    detail = {name: value for name, value in row.detail.items() if name != "message"}
    return ActionView(at=row.at, by=row.by, what=row.what, detail=detail)
