"""Whether the database can be used, and whether the service has paused itself."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Text, cast, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.ledger_server import load_standing
from service.adapters.store.db.dialects.postgres_errors import standby_error
from service.adapters.store.db.facts import set_fact
from service.adapters.store.db.schema import circuits, pauses
from service.adapters.store.db.types import database_now
from service.domain.delivery.circuit import CircuitState, Outage
from service.domain.delivery.pause import BREAKER_NAME, RESEND_GUARD_NAME
from service.domain.errors import StorageError, UnconfirmedCommitError
from service.domain.reminders.volume_guard import GUARD_NAME
from service.flow.ports import Health

_CHECK_FACT: Final = "last write check"
"""Key of the fact that is stored only to see whether anything can be stored."""


class SqlHealth(Health):
    """Reports pauses that the service made itself, providers that are out, and doubts.

    What people paused is no problem.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def problems(self, *, of_sending: bool = True) -> Mapping[str, str]:
        """What is wrong, by part; empty if all is well."""
        try:
            await self._check_writing()
            async with self._database.read() as connection:
                rows = (await connection.execute(select(pauses))).all()
                outages = await list_outages(connection)
                standing = await load_standing(connection)
        except StorageError as error:
            return {"database": error.in_one_line}
        except SQLAlchemyError as error:
            return {"database": type(error).__name__}
        if self._database.is_postgres and standing.present is None:
            return {"database": standby_error(self._database.shown_url).in_one_line}
        if not of_sending:
            return {}
        paused = {
            f"paused {row.scope}": row.reason
            for row in rows
            if row.by in (BREAKER_NAME, GUARD_NAME, RESEND_GUARD_NAME)
        }
        doubts = {"failover": standing.doubt} if standing.doubt else {}
        return (
            doubts | paused | {f"provider {one.provider}": str(one) for one in outages}
        )

    async def _check_writing(self) -> None:
        """After a write that failed, write again: a process may have none to make."""
        if (problem := self._database.problem) is not None:
            confirmed = isinstance(problem, UnconfirmedCommitError)
            async with self._database.write(confirmed=confirmed) as connection:
                await set_fact(connection, _CHECK_FACT, cast(database_now(), Text))


async def list_outages(connection: AsyncConnection) -> list[Outage]:
    """The providers whose circuit is open, with what is known about it."""
    wanted = select(circuits).where(circuits.c.state != CircuitState.CLOSED)
    return [
        Outage(row.provider, row.reason or "", row.changed_at, row.probe_at)
        for row in await connection.execute(wanted.order_by(circuits.c.provider))
    ]
