"""The law as installed: read from the database, and cached until it changes."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.law.digest import read_law_digest
from service.adapters.store.law.load import load_law
from service.domain.calendars.calendar import Calendar
from service.domain.lawbook.law import Law
from service.flow.ports import LawStore


class SqlLawStore(LawStore):
    """Reads the documents again only when their digest has changed.

    `calendars` are the published ones; `templates` are the names that a rule may use.
    """

    def __init__(
        self,
        database: Database,
        calendars: Mapping[str, Calendar],
        templates: frozenset[str],
    ) -> None:
        self.calendars = calendars
        self._database = database
        self._templates = templates
        self._cached: tuple[str, Law] | None = None

    async def current_law(self) -> Law:
        """Everything that dates a permit, as it is now."""
        async with self._database.read() as connection:
            return await self.law_within(connection)

    async def law_within(self, connection: AsyncConnection) -> Law:
        """The law as a transaction sees it."""
        digest = await read_law_digest(connection)
        if self._cached is None or self._cached[0] != digest:
            self._cached = digest, await self.load(connection, self.calendars)
        return self._cached[1]

    async def load(
        self, connection: AsyncConnection, calendars: Mapping[str, Calendar]
    ) -> Law:
        """The law read afresh, over these published calendars."""
        return await load_law(connection, calendars, self._templates)
