"""`SqlFailoverStore`: the servers that the ledger was on, and how a doubt ends."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, insert, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action, log_alarm
from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.ledger_server import load_standing
from service.adapters.store.db.facts import LAST_TICK, get_instant_fact
from service.adapters.store.db.schema import (
    OPEN_MESSAGE,
    messages,
    reminders,
    servers,
)
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.failover.doubtful_reminders import (
    COUNT_HELD,
    DONE_AGAIN,
    NEEDS_ASKING,
    asking_parameters,
    release_held,
)
from service.domain.delivery.status import CLAIMABLE, MessageState
from service.domain.errors import ConflictError
from service.domain.failover.ledger_server import (
    FailoverStatus,
    LedgerServer,
    Standing,
)
from service.flow.sending.failover.ask_first import FailoverStore


class SqlFailoverStore(FailoverStore):
    """Stores the servers that the ledger was on.

    Commits may be missing since `window` seconds before the last pass that it knows.
    """

    def __init__(self, database: Database, window: float) -> None:
        self._database = database
        self._window = timedelta(seconds=window)

    async def check_server(self, now: datetime) -> Standing:
        """Compare the present server with the stored one, and store a new one."""
        if not self._database.is_postgres:
            return Standing()
        async with self._database.read() as connection:
            standing = await load_standing(connection)
        if standing.is_stored:
            return standing
        async with self._database.write() as connection:
            standing = await load_standing(connection)
            if not standing.is_stored:
                await self._store(connection, standing, now)
            return await load_standing(connection)

    async def _store(
        self, connection: AsyncConnection, standing: Standing, now: datetime
    ) -> None:
        before, values = standing.stored, {"identity": standing.present}
        since = None
        if before is not None:
            since = await self._asked_since(connection, before, now)
            await _count_as_begun(connection)
            detail = {"from": before.identity, "to": str(standing.present)}
            await log_alarm(connection, "another server", detail, now)
        is_first = before is None
        await connection.execute(
            insert(servers).values(
                **values,
                found_at=now,
                asked_since=since,
                are_texts_read=is_first,
                is_trusted=is_first,
                is_released=False,
            )
        )

    async def _asked_since(
        self, connection: AsyncConnection, before: LedgerServer, now: datetime
    ) -> datetime:
        """Since when what was POSTed may be missing, on the database's clock.

        Not after the newest message that is known to be accepted: it vouches for the
        list. If the change before was not asked about to its end, or what it forgot may
        still be done again, since then.
        """
        its = messages.c
        accepted = (
            select(its.posted_after)
            .where(its.accepted_at.is_not(None))
            .order_by(its.accepted_at.desc())
            .limit(1)
        )
        clock = (await connection.execute(select(database_now()))).scalar_one()
        last_pass = await get_instant_fact(connection, LAST_TICK) or clock
        known = [last_pass - self._window]
        known += (await connection.execute(accepted)).scalars()
        unasked = select(exists().where(reminders.c.state.in_(CLAIMABLE), NEEDS_ASKING))
        if before.asked_since is not None:
            found = await connection.execute(unasked, asking_parameters(before))
            if found.scalar_one() or now < before.found_at + DONE_AGAIN:
                known.append(before.asked_since)
        return min(known)

    async def take_reading(self, server_id: int, owner: str, lease: float) -> bool:
        """Whether this worker may read the texts to us again, for so many seconds."""
        now = database_now()
        taken = (
            update(servers)
            .where(
                servers.c.id == server_id,
                servers.c.are_texts_read.is_(False),
                or_(servers.c.reader_until.is_(None), servers.c.reader_until < now),
            )
            .values(reader=owner, reader_until=database_now_plus(literal(lease)))
        )
        async with self._database.write() as connection:
            return bool((await connection.execute(taken)).rowcount)

    async def finish_reading(
        self, server_id: int, now: datetime, *, is_complete: bool
    ) -> None:
        """The texts to us are read again; with an alarm if the list was too long."""
        async with self._database.write() as connection:
            await _set(connection, server_id, are_texts_read=True)
            if not is_complete:
                detail = {"seen": "the provider's list is too long to be read"}
                await log_alarm(connection, "texts not read again", detail, now)

    async def trust(self, server_id: int, now: datetime) -> None:
        """Let messages be claimed and begun again; does nothing the second time."""
        async with self._database.write() as connection:
            if await _set(connection, server_id, is_trusted=True):
                detail = {"what": "sending goes on"}
                await log_action(connection, now, "service", "server trusted", detail)

    async def status(self) -> FailoverStatus:
        """The present server, and what is still open since the last change."""
        async with self._database.read() as connection:
            standing = await load_standing(connection)
            if (server := standing.asked_first()) is None:
                return FailoverStatus(standing)
            asked = select(func.count()).where(
                text(f"messages.{OPEN_MESSAGE}"), messages.c.asked_for == server.id
            )
            return FailoverStatus(
                standing,
                (await connection.execute(asked)).scalar_one(),
                (await connection.execute(COUNT_HELD)).scalar_one(),
            )

    async def release(self, by: str, reason: str, now: datetime) -> int:
        """Send what may have been sent before the change; count what was held.

        Raises `ConflictError` where no change is to be decided on.
        """
        async with self._database.write(confirmed=True) as connection:
            server = (await load_standing(connection)).asked_first()
            if server is None:
                raise ConflictError("no failover is to be decided on")
            await _set(connection, server.id, is_released=True)
            released = await release_held(connection, now)
            detail = {"why": reason, "reminders": str(released)}
            await log_action(connection, now, by, "failover send", detail)
            return released


async def _count_as_begun(connection: AsyncConnection) -> None:
    """Let no message be given back as not begun: that it began may be forgotten."""
    await connection.execute(
        update(messages)
        .where(
            text(f"messages.{OPEN_MESSAGE}"),
            messages.c.state == MessageState.SENDING,
        )
        .values(begun=True)
    )


async def _set(connection: AsyncConnection, server_id: int, **values: Any) -> bool:  # noqa: ANN401 - of columns
    """Set flags of a server; whether any of them was another."""
    others = or_(*(servers.c[name] != value for name, value in values.items()))
    done = await connection.execute(
        update(servers).where(servers.c.id == server_id, others).values(**values)
    )
    return bool(done.rowcount)
