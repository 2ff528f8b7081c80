"""Messages whose outcome is unknown: whom they wait for, and what a person decides."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import OPEN_MESSAGE, messages
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.reminders.transitions import transition
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
from service.flow.sending.resolve import Decision, ResolveStore

GIVEN_UP_REASON: Final = "given up: outcome unknown"
"""Why a reminder ends that an operator does not send again."""

IS_OPEN_MESSAGE: Final = text(f"messages.{OPEN_MESSAGE}")
"""Under way or unknown, in the words of the partial index."""


def awaiting_operator(after: timedelta = OPERATOR_AFTER) -> ColumnElement[bool]:
    """The unknown outcomes that settling has left, or could not prove in so long."""
    late = database_now_plus(literal(-after.total_seconds()))
    return and_(
        messages.c.state == MessageState.UNCERTAIN,
        or_(messages.c.reason == LEFT_TO_OPERATOR, messages.c.lease_until <= late),
    )


class SqlResolveStore(ResolveStore):
    """Decides by hand, in one transaction with the note of who did."""

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
        """Decide a message that waits for a person, and write down who did and why."""
        async with self._database.write() as connection:
            row = await _asked(connection, message_id)
            if against := objection(_to_unknown_outcome(row)):
                raise ConflictError(f"message {row.id}: {against}")
            told = f"operator {by}: {reason}"
            if decision is Decision.RESEND:
                await requeue(connection, row.id, told, now)
            else:
                await _give_up(connection, row.id, told, now)
            detail = {"message": row.id, "why": reason}
            await log_action(connection, now, by, decision, detail)


async def _asked(connection: AsyncConnection, message_id: str) -> Row[Any]:
    wanted = (
        select(messages, database_now().label("asked_at"))
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
        left_to_operator=row.reason == LEFT_TO_OPERATOR,
        lease_until=row.lease_until,
        absent_at=row.absent_at,
        asked_at=row.asked_at,
    )


async def _give_up(
    connection: AsyncConnection, message_id: str, told: str, now: datetime
) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state.in_(OPEN_STATES))
        .values(state=MessageState.GIVEN_UP, reason=told, final_at=now)
    )
    await fall_back_to_accepted(connection, message_id, now)
    failed = ReminderState.FAILED
    await transition(
        connection, of_message(message_id), failed, now, reason=GIVEN_UP_REASON
    )
