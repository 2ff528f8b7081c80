"""`SqlResolveStore`: unknown outcomes that an operator resolves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    and_,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import OPEN_MESSAGE, messages, reminders
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.reminders.transitions import transition
from service.adapters.store.sending.leases import reanchor_future
from service.adapters.store.sending.outcomes.late_acceptance import (
    fall_back_to_accepted,
)
from service.adapters.store.sending.outcomes.retry import (
    OPEN_STATES,
    of_message,
    requeue,
)
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.delivery.unknown_outcome import (
    LEFT_TO_OPERATOR,
    OPERATOR_AFTER,
    UnknownOutcome,
)
from service.domain.errors import ConflictError, UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.sending.outcomes.resolve import (
    Decision,
    ResolveStore,
    decision_note,
)

GIVEN_UP_REASON: Final = "given up: outcome unknown"
"""Reason of a reminder that ends because an operator gave its message up."""

IS_OPEN_MESSAGE: Final = text(f"messages.{OPEN_MESSAGE}")
"""Under way or unknown; word for word as in the partial index, so that it is used."""


def has_reason_prefix(prefix: str) -> ColumnElement[bool]:
    """Condition: the reason of the message starts so; false without a reason."""
    return func.coalesce(messages.c.reason, "").startswith(prefix, autoescape=True)


def returned_of(message_id: ColumnElement[str]) -> ScalarSelect[int]:
    """How often the reminders of a message were automatically sent again."""
    return (
        select(func.coalesce(func.max(reminders.c.returned), 0))
        .where(reminders.c.message_id == message_id)
        .scalar_subquery()
    )


def awaiting_operator(after: timedelta = OPERATOR_AFTER) -> ColumnElement[bool]:
    """Condition: settling left the message to an operator, or failed for so long."""
    latest = database_now_plus(literal(-after.total_seconds()))
    return and_(
        messages.c.state == MessageState.UNCERTAIN,
        or_(has_reason_prefix(LEFT_TO_OPERATOR), messages.c.lease_until <= latest),
    )


class SqlResolveStore(ResolveStore):
    """Applies operators' decisions, each in one transaction with its log entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def resolve(
        self,
        message_id: str,
        decision: Decision,
        *,
        by: str,
        reason: str,
        now: datetime,
        objection: Callable[[UnknownOutcome], str | None],
    ) -> None:
        """Apply a decision, unless there is an objection, and log who made it."""
        async with self._database.write(confirmed=True) as connection:
            await reanchor_future(connection)
            row = await _load(connection, message_id)
            if found := objection(_to_unknown_outcome(row)):
                raise ConflictError(f"message {row.id}: {found}")
            note = decision_note(by, reason)
            if decision is Decision.RESEND:
                await requeue(connection, row.id, note, now)
            else:
                await _give_up(connection, row.id, note, now)
            detail = {"message": row.id, "why": reason}
            await log_action(connection, now, by, decision, detail)


async def _load(connection: AsyncConnection, message_id: str) -> Row[Any]:
    wanted = (
        select(
            messages,
            database_now().label("asked_at"),
            returned_of(messages.c.id).label("returned"),
        )
        .where(messages.c.id == message_id)
        .with_for_update()
    )
    row = (await connection.execute(wanted)).first()
    if row is None:
        raise UnknownError("message", safe_label(message_id))
    return row


def _to_unknown_outcome(row: Row[Any]) -> UnknownOutcome:
    return UnknownOutcome(
        state=MessageState(row.state),
        reason=row.reason,
        lease_until=row.lease_until,
        absent_at=row.absent_at,
        asked_at=row.asked_at,
        returned=row.returned,
    )


async def _give_up(
    connection: AsyncConnection, message_id: str, reason: str, now: datetime
) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state.in_(OPEN_STATES))
        .values(state=MessageState.GIVEN_UP, reason=reason, final_at=now)
    )
    await fall_back_to_accepted(connection, message_id, now)
    failed = ReminderState.FAILED
    await transition(
        connection, of_message(message_id), failed, now, reason=GIVEN_UP_REASON
    )
