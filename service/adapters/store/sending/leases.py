"""Leases: of messages, taken back when they end, and of what one worker does alone."""

import logging
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import case, delete, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import (
    OPEN_MESSAGE,
    leases,
    messages,
    reminders,
)
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.transitions import transition
from service.adapters.store.sending.clock_jump import has_clock_jumped
from service.adapters.store.sending.outcomes.give_back import give_back
from service.adapters.store.sending.pass_number import PassCounter
from service.adapters.store.slots.frozen_forecasts import checked_until
from service.domain.delivery.status import MessageState, ReminderState
from service.flow.sending.leases import LONGEST_LEASE, LeaseStore, RoundsStore

log = logging.getLogger(__name__)

REASON = "lease ended unrecorded"
"""Reason of a message that was begun, and whose worker recorded no outcome."""

_ASK_SINCE: Final = -3 * 86400.0
"""Seconds from now since when a message with an instant still to come may have been
POSTed: three days ago."""

_HAS_LAPSED = (
    text(f"messages.{OPEN_MESSAGE}")
    & (messages.c.state == MessageState.SENDING)
    & (messages.c.lease_until < database_now())
)


class SqlLeaseStore(LeaseStore):
    """Takes back what any worker's lease on it has ended, of every provider."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._passes = PassCounter(database)

    async def expire_leases(self, now: datetime) -> int:
        """Settle messages whose lease ended without an outcome; count them."""
        async with self._database.write() as connection:
            number = await self._passes.count(connection)
            if await has_clock_jumped(connection):
                await _restart_waits(connection)
            await reanchor_future(connection)
            uncertain = await _mark_uncertain(connection, now)
            never_begun = select(messages.c.id).where(
                _HAS_LAPSED, messages.c.begun.is_(False)
            )
            ids = (await connection.execute(never_begun)).scalars().all()
            for chunk in in_chunks(ids):
                await give_back(connection, chunk, now)
        self._passes.remember(number)
        return uncertain + len(ids)


async def reanchor_future(connection: AsyncConnection) -> None:
    """Bring back to the present what a clock wrote that ran ahead.

    A lease of the future ends `LONGEST_LEASE` from now. That doubles nothing: a worker
    that is alive POSTs no later than its lease after the claim, on its own monotonic
    clock, and it claimed before now. An absence of the future counts as noted now,
    later than it was. The provider is asked since three days ago: with an instant
    still to come it would not find the text, and it would be sent again.
    """
    its, now = messages.c, database_now()
    latest = database_now_plus(literal(LONGEST_LEASE))
    reanchored = await connection.execute(
        update(messages)
        .where(
            text(f"messages.{OPEN_MESSAGE}"),
            or_(its.lease_until > latest, its.absent_at > now, its.posted_after > now),
        )
        .values(
            lease_until=case((its.lease_until > latest, latest), else_=its.lease_until),
            absent_at=case((its.absent_at > now, now), else_=its.absent_at),
            posted_after=case(
                (its.posted_after > now, database_now_plus(literal(_ASK_SINCE))),
                else_=its.posted_after,
            ),
        )
    )
    if reanchored.rowcount:
        log.warning(
            "the clock ran ahead: %d messages had instants still to come; they end in "
            "%.0f seconds",
            reanchored.rowcount,
            LONGEST_LEASE,
        )


async def _restart_waits(connection: AsyncConnection) -> None:
    """Let leases and absences begin again, after the clock was moved.

    Nobody knows how long they lasted. So a lease ends `LONGEST_LEASE` from now, and an
    absence counts as noted now: both are later than in truth.
    """
    its = messages.c
    restarted = await connection.execute(
        update(messages)
        .where(text(f"messages.{OPEN_MESSAGE}"))
        .values(
            lease_until=database_now_plus(literal(LONGEST_LEASE)),
            absent_at=case((its.absent_at.is_not(None), database_now())),
        )
    )
    if restarted.rowcount:
        log.warning(
            "the clock was moved, or the machine restarted: the leases and absences of "
            "%d open messages begin again",
            restarted.rowcount,
        )


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


async def take_lease(
    connection: AsyncConnection, name: str, owner: str, seconds: float
) -> bool:
    """Take a lease, or prolong it; False if another owner has it.

    One that ends later than any may was written by a clock that ran ahead.
    """
    until = database_now_plus(literal(seconds))
    too_far = database_now_plus(literal(LONGEST_LEASE))
    is_free = or_(
        leases.c.owner == owner,
        leases.c.lease_until <= database_now(),
        leases.c.lease_until > too_far,
    )
    taken = await connection.execute(
        insert_into(connection, leases)
        .values(name=name, owner=owner, lease_until=until)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "lease_until": until},
            where=is_free,
        )
        .returning(leases.c.name)
    )
    return taken.first() is not None


class SqlRoundsStore(RoundsStore):
    """Gives the rounds to one process, for some seconds after each time it asks."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = min(seconds, LONGEST_LEASE)
        self._owner = str(uuid4())

    async def take(self) -> bool:
        """Take or prolong the rounds; False while another process has them."""
        async with self._database.write() as connection:
            return await take_lease(connection, "rounds", self._owner, self._seconds)

    async def give_up(self) -> None:
        """Let another process have the rounds at once: this one ends, or failed."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(leases).where(leases.c.owner == self._owner)
            )

    async def checked_until(self) -> datetime | None:
        """Until when the volume guard has checked reminders; None before the first."""
        async with self._database.read() as connection:
            return await checked_until(connection)
