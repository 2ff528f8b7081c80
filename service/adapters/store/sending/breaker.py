"""`WatchStore` on the ledger: the newest fates, and the breaker they may open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import keep
from service.adapters.store.db.schema import actions, messages, pauses
from service.adapters.store.db.types import database_now
from service.adapters.store.sending.provider_status import open_breaker
from service.domain.delivery.breaker import HEARD_AFTER, NEWEST, WITHIN, Fate
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState
from service.domain.formats.operator_request import ALL

LAST_TICK: Final = "last tick"

_UNANSWERED: Final = (
    MessageState.SENDING,
    MessageState.UNCERTAIN,
    MessageState.NOT_ACCEPTED,
    MessageState.GIVEN_UP,
)

_WRONG: Final = (
    MessageState.REFUSED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.CANCELED,
)

_FATE: Final = (messages.c.state, messages.c.kind, messages.c.code)


class WatchStore:
    """Looks at the newest messages only, whatever the ledger holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(self, now: datetime) -> Sequence[Sequence[Fate]]:
        """The newest messages decided since sending was last resumed."""
        async with self._database.read() as connection:
            if await _all_paused(connection):
                return []
            since = max(now - WITHIN, await _resumed_at(connection) or now - WITHIN)
            wanted = (_answered(since), _heard(since, now - HEARD_AFTER))
            return [
                [_fate(row) for row in await connection.execute(one)] for one in wanted
            ]

    async def stop(self, reason: str, now: datetime) -> bool:
        """Open the breaker, with an alarm; False where everything is paused already."""
        async with self._database.write() as connection:
            if await _all_paused(connection):
                return False
            await open_breaker(connection, reason, now)
            return True

    async def ticked(self) -> None:
        """Note on the database's clock that a pass has come to its end."""
        async with self._database.write() as connection:
            await keep(connection, LAST_TICK, cast(database_now(), Text))


async def _all_paused(connection: AsyncConnection) -> bool:
    wanted = select(pauses.c.scope).where(pauses.c.scope == ALL)
    return (await connection.execute(wanted)).first() is not None


async def _resumed_at(connection: AsyncConnection) -> datetime | None:
    wanted = select(func.max(actions.c.at)).where(
        actions.c.what == "resume", actions.c.detail["scope"].as_string() == ALL
    )
    at: datetime | None = (await connection.execute(wanted)).scalar()
    return at


def _answered(since: datetime) -> Select[Any]:
    """The newest with a yes or no, among some newest: unanswered ones may be many."""
    newest = (
        select(*_FATE, messages.c.id, messages.c.claimed_at)
        .order_by(messages.c.id.desc())
        .limit(20 * NEWEST)
        .subquery()
    )
    return (
        select(newest)
        .where(newest.c.state.not_in(_UNANSWERED), newest.c.claimed_at > since)
        .order_by(newest.c.id.desc())
        .limit(NEWEST)
    )


def _heard(since: datetime, until: datetime) -> Select[Any]:
    """The newest that were taken long enough ago for a carrier to have objected."""
    return (
        select(*_FATE)
        .where(
            messages.c.accepted_at > since,
            messages.c.accepted_at <= until,
            messages.c.claimed_at > since,
        )
        .order_by(messages.c.accepted_at.desc())
        .limit(NEWEST)
    )


def _fate(row: Row[Any]) -> Fate:
    if row.state not in _WRONG or row.kind is None:
        return Fate()
    return Fate(RefusalKind(row.kind), row.code)
