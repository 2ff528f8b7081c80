"""Whether the database can be read, and whether the service has paused itself."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import pauses
from service.domain.delivery.pause import BREAKER_NAME
from service.domain.reminders.volume_guard import GUARD_NAME
from service.flow.ports import Health


class SqlHealth(Health):
    """Reports pauses of the breaker and the volume guard, not those of people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def problems(self, *, of_sending: bool = True) -> Mapping[str, str]:
        """What is wrong, by part; empty if all is well."""
        try:
            async with self._database.read() as connection:
                rows = (await connection.execute(select(pauses))).all()
        except SQLAlchemyError as error:
            return {"database": type(error).__name__}
        return {
            f"paused {row.scope}": row.reason
            for row in rows
            if of_sending and row.by in (BREAKER_NAME, GUARD_NAME)
        }
