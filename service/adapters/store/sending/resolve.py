"""Messages whose outcome is unknown: whom they wait for, and what a person decides."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import note
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import OPEN_MESSAGE, messages
from service.adapters.store.db.types import database_now, in_seconds
from service.adapters.store.reminders.transitions import move
from service.adapters.store.sending.late_acceptance import fall_back
from service.adapters.store.sending.retry import OPEN, give_back, of_message
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.delivery.unknown_outcome import LEFT, PERSONS_AFTER, Doubt
from service.domain.errors import ConflictError, UnknownError
from service.domain.formats.raw import label
from service.flow.sending.resolve import Decision

GIVEN_UP: Final = "given up: outcome unknown"
"""Why a reminder ends that an operator does not send again."""

OPEN_ROWS: Final = text(f"messages.{OPEN_MESSAGE}")
"""Under way or unknown, in the words of the partial index."""


def for_a_person(after: timedelta = PERSONS_AFTER) -> ColumnElement[bool]:
    """The unknown outcomes that settling has left, or could not prove in so long."""
    late = in_seconds(literal(-after.total_seconds()))
    return and_(
        messages.c.state == MessageState.UNCERTAIN,
        or_(messages.c.reason == LEFT, messages.c.lease_until <= late),
    )


class ResolveStore:
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
        objection: Callable[[Doubt], str | None],
    ) -> None:
        """Decide a message that waits for a person, and write down who did and why."""
        async with self._database.write() as connection:
            row = await _asked(connection, message_id)
            if against := objection(_doubt(row)):
                raise ConflictError(f"message {row.id}: {against}")
            told = f"operator {by}: {reason}"
            if decision is Decision.RESEND:
                await give_back(connection, row.id, told, now)
            else:
                await _give_up(connection, row.id, told, now)
            detail = {"message": row.id, "why": reason}
            await note(connection, now, by, decision, detail)


async def _asked(connection: AsyncConnection, message_id: str) -> Row[Any]:
    wanted = (
        select(messages, database_now().label("asked_at"))
        .where(messages.c.id == message_id)
        .with_for_update()
    )
    row = (await connection.execute(wanted)).first()
    if row is None:
        raise UnknownError("message", label(message_id))
    return row


def _doubt(row: Row[Any]) -> Doubt:
    return Doubt(
        state=MessageState(row.state),
        left=row.reason == LEFT,
        lease_until=row.lease_until,
        absent_at=row.absent_at,
        asked_at=row.asked_at,
    )


async def _give_up(
    connection: AsyncConnection, message_id: str, told: str, now: datetime
) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.state.in_(OPEN))
        .values(state=MessageState.GIVEN_UP, reason=told, final_at=now)
    )
    await fall_back(connection, message_id, now)
    failed = ReminderState.FAILED
    await move(connection, of_message(message_id), failed, now, reason=GIVEN_UP)
