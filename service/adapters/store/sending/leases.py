"""`SqlLeaseStore`: messages whose lease ended, taken back or made uncertain."""

from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import OPEN_MESSAGE, messages, reminders
from service.adapters.store.db.types import database_now
from service.adapters.store.reminders.transitions import transition
from service.adapters.store.sending.outcomes.give_back import give_back
from service.domain.delivery.status import MessageState, ReminderState
from service.flow.sending.leases import LeaseStore

REASON = "lease ended unrecorded"
"""Reason of a message that was begun, and whose worker recorded no outcome."""

_HAS_LAPSED = (
    text(f"messages.{OPEN_MESSAGE}")
    & (messages.c.state == MessageState.SENDING)
    & (messages.c.lease_until < database_now())
)


class SqlLeaseStore(LeaseStore):
    """Takes back what any worker's lease on it has ended, of every provider."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expire_leases(self, now: datetime) -> int:
        """Settle messages whose lease ended without an outcome; count them."""
        async with self._database.write() as connection:
            uncertain = await _mark_uncertain(connection, now)
            never_begun = select(messages.c.id).where(
                _HAS_LAPSED, messages.c.begun.is_(False)
            )
            ids = (await connection.execute(never_begun)).scalars().all()
            for chunk in in_chunks(ids):
                await give_back(connection, chunk, now)
            return uncertain + len(ids)


async def _mark_uncertain(connection: AsyncConnection, now: datetime) -> int:
    lapsed = await connection.execute(
        update(messages)
        .where(_HAS_LAPSED, messages.c.begun.is_not(False))
        .values(state=MessageState.UNCERTAIN, reason=REASON)
        .returning(messages.c.id)
    )
    ids = list(lapsed.scalars())
    for chunk in in_chunks(ids):
        of_chunk = reminders.c.message_id.in_(chunk)
        state = ReminderState.UNCERTAIN
        await transition(connection, of_chunk, state, now, reason=REASON)
    return len(ids)
