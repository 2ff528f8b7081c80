"""`MessageReader`: messages, and all that is kept about one, phones masked."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Row, Select, and_, case, select
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
from service.adapters.store.reminders.reader import SEEN, seen
from service.adapters.store.sending.resolve import OPEN_ROWS, for_a_person
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.errors import UnknownError
from service.domain.formats.raw import label
from service.flow.reports.message_views import (
    MessageFile,
    MessagesWanted,
    SeenAct,
    SeenMessage,
    SeenMove,
    SeenReceipt,
)

T = TypeVar("T")

_WAITS_FOR: Final = case(
    (for_a_person(), "operator"),
    (messages.c.state == MessageState.UNCERTAIN, "service"),
)


_OPEN_IDS: Final = select(messages.c.id).where(OPEN_ROWS)
"""Found apart, through the partial index: a list in order would be read whole."""


class MessageReader:
    """Looking messages up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, wanted: MessagesWanted, after: str | None, limit: int
    ) -> Sequence[SeenMessage]:
        """Messages in the order of their claims, from the one after `after`."""
        chosen = _messages().order_by(messages.c.id).limit(limit)
        if wanted.state is not None:
            chosen = chosen.where(messages.c.state == wanted.state)
        if wanted.offices is not None:
            chosen = chosen.where(messages.c.authority.in_(wanted.offices))
        if wanted.open:
            chosen = chosen.where(messages.c.id.in_(_OPEN_IDS))
        if after is not None:
            chosen = chosen.where(messages.c.id > after)
        async with self._database.read() as connection:
            return [_message(row) for row in await connection.execute(chosen)]

    async def one(self, message_id: str) -> MessageFile:
        """Everything about one; raises `UnknownError`."""
        async with self._database.read() as connection:
            wanted = _messages().where(messages.c.id == message_id)
            row = (await connection.execute(wanted)).first()
            if row is None:
                raise UnknownError("message", label(message_id))
            return MessageFile(
                message=_message(row),
                body=row.body,
                reminders=await _all(connection, _reminders_of(row.id), seen),
                moves=await _all(connection, _moves_of(row.id), _move),
                receipts=await _all(connection, _receipts_of(row), _receipt),
                acts=await _all(connection, _acts_on(row.id), _act),
            )


async def _all(
    connection: AsyncConnection,
    wanted: Select[Any],
    as_seen: Any,  # noqa: ANN401
) -> list[Any]:
    return [as_seen(row) for row in await connection.execute(wanted)]


def _messages() -> Select[Any]:
    return select(
        messages, recipients.c.masked, _WAITS_FOR.label("waits_for")
    ).join_from(messages, recipients)


def _linked(table: Any) -> ColumnElement[bool]:  # noqa: ANN401 - columns by name
    return and_(
        table.permit_id == message_reminders.c.permit_id,
        table.expires_on == message_reminders.c.expires_on,
        table.step == message_reminders.c.step,
    )


def _reminders_of(message_id: str) -> Select[Any]:
    return (
        select(*SEEN)
        .join_from(message_reminders, reminders, _linked(reminders.c))
        .join(permits, permits.c.id == reminders.c.permit_id)
        .where(message_reminders.c.message_id == message_id)
        .order_by(message_reminders.c.position)
    )


def _moves_of(message_id: str) -> Select[Any]:
    """What its reminders went through while it was their latest message."""
    return (
        select(reminder_events, permits.c.rule, permits.c.shown_number)
        .join_from(message_reminders, reminder_events, _linked(reminder_events.c))
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


def _acts_on(message_id: str) -> Select[Any]:
    return (
        select(actions)
        .where(actions.c.detail["message"].as_string() == message_id)
        .order_by(actions.c.id)
    )


def _message(row: Row[Any]) -> SeenMessage:
    return SeenMessage(
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
        accepted_at=row.accepted_at,
        final_at=row.final_at,
        waits_for=row.waits_for,
    )


def _move(row: Row[Any]) -> SeenMove:
    return SeenMove(
        at=row.at,
        rule=row.rule,
        number=row.shown_number,
        step=row.step,
        state=ReminderState(row.state),
        reason=row.reason,
    )


def _receipt(row: Row[Any]) -> SeenReceipt:
    return SeenReceipt(
        received_at=row.received_at,
        provider_id=row.provider_id,
        state=MessageState(row.state) if row.state else None,
        code=row.code,
        moved=row.moved,
        raw=row.raw,
    )


def _act(row: Row[Any]) -> SeenAct:
    detail = {name: said for name, said in row.detail.items() if name != "message"}
    return SeenAct(at=row.at, by=row.by, what=row.what, detail=detail)
