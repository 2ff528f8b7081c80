"""`SqlBreakerStore`: the newest outcomes, and the breaker that they may open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import LAST_TICK, set_fact
from service.adapters.store.db.schema import actions, messages, pauses
from service.adapters.store.db.types import database_now
from service.adapters.store.sending.claim.own_phone import IS_TO_HOLDER
from service.adapters.store.sending.outcomes.provider_status import open_breaker
from service.domain.delivery.breaker import (
    MAX_AGE,
    MAX_JUDGED,
    RECEIPT_GRACE,
    JudgedMessage,
)
from service.domain.delivery.operator_request import SCOPE_ALL
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState
from service.flow.sending.breaker import BreakerStore

_UNDECIDED_STATES: Final = (
    MessageState.SENDING,
    MessageState.UNCERTAIN,
    MessageState.NOT_ACCEPTED,
    MessageState.GIVEN_UP,
)

_FAILED_STATES: Final = (
    MessageState.REFUSED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.CANCELED,
)

_OUTCOME_COLUMNS: Final = (messages.c.state, messages.c.kind, messages.c.code)


class SqlBreakerStore(BreakerStore):
    """Reads the newest messages only, however many there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest_outcomes(self, now: datetime) -> Sequence[Sequence[JudgedMessage]]:
        """The newest messages with an outcome since sending was last resumed."""
        async with self._database.read() as connection:
            if await _is_all_paused(connection):
                return []
            since = max(now - MAX_AGE, await _resumed_at(connection) or now - MAX_AGE)
            wanted = (_select_answered(since), _select_aged(since, now - RECEIPT_GRACE))
            return [
                [_to_outcome(row) for row in await connection.execute(one)]
                for one in wanted
            ]

    async def open_breaker(self, reason: str, now: datetime) -> bool:
        """Open the breaker, with an alarm; False if everything is paused already."""
        async with self._database.write(confirmed=True) as connection:
            if await _is_all_paused(connection):
                return False
            await open_breaker(connection, reason, now)
            return True

    async def record_tick(self) -> None:
        """Store, on the database's clock, that a tick has ended."""
        async with self._database.write() as connection:
            await set_fact(connection, LAST_TICK, cast(database_now(), Text))


async def _is_all_paused(connection: AsyncConnection) -> bool:
    wanted = select(pauses.c.scope).where(pauses.c.scope == SCOPE_ALL)
    return (await connection.execute(wanted)).first() is not None


async def _resumed_at(connection: AsyncConnection) -> datetime | None:
    wanted = select(func.max(actions.c.at)).where(
        actions.c.what == "resume", actions.c.detail["scope"].as_string() == SCOPE_ALL
    )
    at: datetime | None = (await connection.execute(wanted)).scalar()
    return at


def _select_answered(since: datetime) -> Select[Any]:
    """Select the newest answered messages, among few: many may have no answer."""
    newest = (
        select(*_OUTCOME_COLUMNS, messages.c.id, messages.c.claimed_at)
        .where(IS_TO_HOLDER)
        .order_by(messages.c.id.desc())
        .limit(20 * MAX_JUDGED)
        .subquery()
    )
    return (
        select(newest)
        .where(newest.c.state.not_in(_UNDECIDED_STATES), newest.c.claimed_at > since)
        .order_by(newest.c.id.desc())
        .limit(MAX_JUDGED)
    )


def _select_aged(since: datetime, until: datetime) -> Select[Any]:
    """Select the newest messages accepted long enough ago for a carrier to refuse."""
    return (
        select(*_OUTCOME_COLUMNS)
        .where(
            messages.c.accepted_at > since,
            messages.c.accepted_at <= until,
            messages.c.claimed_at > since,
            IS_TO_HOLDER,
        )
        .order_by(messages.c.accepted_at.desc())
        .limit(MAX_JUDGED)
    )


def _to_outcome(row: Row[Any]) -> JudgedMessage:
    if row.state not in _FAILED_STATES or row.kind is None:
        return JudgedMessage()
    return JudgedMessage(RefusalKind(row.kind), row.code)
