"""`SqlSettleStore`: unknown outcomes decided by what the provider lists."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_alarm
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    OPEN_MESSAGE,
    messages,
    recipients,
    reminders,
)
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.sending.outcomes.provider_status import apply_receipt
from service.adapters.store.sending.outcomes.retry import of_message, requeue
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import ASK_AGAIN_SECONDS, LEFT_TO_OPERATOR
from service.flow.sending.outcomes.settle import SettleStore
from service.flow.sending.provider import OpenMessage

_IS_OPEN = text(f"messages.{OPEN_MESSAGE}")


class SqlSettleStore(SettleStore):
    """Settles unknown outcomes of one provider's messages."""

    def __init__(self, database: Database, provider: str) -> None:
        self._database = database
        self._provider = provider

    async def count_open(self) -> int:
        """Count messages that are under way or have an unknown outcome."""
        wanted = select(func.count()).select_from(messages).where(_IS_OPEN)
        async with self._database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def list_uncertain(self) -> list[OpenMessage]:
        """List this provider's messages with an unknown outcome, oldest first.

        Leaves out those with an equal text still under way. Those left to an operator
        are listed again every `ASK_AGAIN_SECONDS`.
        """
        wanted = (
            select(
                messages,
                recipients.c.phone,
                database_now().label("asked_at"),
            )
            .join_from(messages, recipients)
            .where(
                _IS_OPEN,
                messages.c.state == MessageState.UNCERTAIN,
                or_(
                    messages.c.reason != LEFT_TO_OPERATOR,
                    messages.c.absent_at
                    <= database_now_plus(literal(-ASK_AGAIN_SECONDS)),
                ),
                messages.c.provider == self._provider,
                ~_has_twin_sending(),
            )
            .order_by(messages.c.posted_after)
        )
        async with self._database.read() as connection:
            return [
                OpenMessage(
                    id=row.id,
                    provider=row.provider,
                    recipient_id=row.recipient_id,
                    encrypted_phone=row.phone,
                    body=row.body,
                    posted_after=row.posted_after,
                    lease_until=row.lease_until,
                    absent_at=row.absent_at,
                    asked_at=row.asked_at,
                )
                for row in await connection.execute(wanted)
            ]

    async def already_bound(
        self, provider: str, provider_ids: Collection[str]
    ) -> dict[str, tuple[str, str]]:
        """Map these ids of a provider to the recipient and text of their messages."""
        its = messages.c
        wanted = select(its.provider_id, its.recipient_id, its.body).where(
            its.provider == provider, its.provider_id.in_(provider_ids)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(wanted)
            return {row.provider_id: (row.recipient_id, row.body) for row in rows}

    async def bind_listed(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """Bind listed messages to ours, if the outcome of each is still unknown.

        Another process may have settled one while the list was read, and sent an equal
        text: then what was listed is that one's.
        """
        its = messages.c
        unknown = (
            select(its.id)
            .where(
                its.id.in_([one.message_id for one in evidence]),
                its.state == MessageState.UNCERTAIN,
                ~_has_twin_sending(),
            )
            .with_for_update()
        )
        async with self._database.write() as connection:
            if len((await connection.execute(unknown)).all()) == len(evidence):
                for one in evidence:
                    await apply_receipt(connection, one, now)

    async def note_absence(
        self, message: OpenMessage, *, is_proof: bool, now: datetime
    ) -> None:
        """Note that it is not listed; with proof, requeue its reminders."""
        async with self._database.write() as connection:
            if not is_proof:
                await _set_absent_at(connection, message.id)
            elif await _was_returned(connection, message.id):
                await _leave_to_operator(connection, message.id, now)
            else:
                await requeue(
                    connection,
                    message.id,
                    "not accepted: absent twice",
                    now,
                    count_return=True,
                )


def _has_twin_sending() -> ColumnElement[bool]:
    twin = messages.alias()
    return exists().where(
        twin.c.state == MessageState.SENDING,
        twin.c.recipient_id == messages.c.recipient_id,
        twin.c.body == messages.c.body,
    )


async def _was_returned(connection: AsyncConnection, message_id: str) -> bool:
    wanted = select(func.max(reminders.c.returned)).where(of_message(message_id))
    return bool((await connection.execute(wanted)).scalar())


async def _set_absent_at(connection: AsyncConnection, message_id: str) -> None:
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.absent_at.is_(None))
        .values(absent_at=database_now())
    )


async def _leave_to_operator(
    connection: AsyncConnection, message_id: str, now: datetime
) -> None:
    still = (messages.c.id == message_id, messages.c.state == MessageState.UNCERTAIN)
    newly_left = await connection.execute(
        update(messages)
        .where(*still, messages.c.reason != LEFT_TO_OPERATOR)
        .values(reason=LEFT_TO_OPERATOR)
    )
    if newly_left.rowcount:
        await log_alarm(connection, "outcome unknown", {"message": message_id}, now)
    await connection.execute(
        update(messages).where(*still).values(absent_at=database_now())
    )
