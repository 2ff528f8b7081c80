"""The number of the last pass: a ledger that goes back in it is an earlier one.

A backup that is copied over the database in place, or restored into it by SQLite's own
means, leaves the files what they were. But its content forgets passes.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import get_fact, set_fact

_FACT: Final = "passes"
"""Key of the fact that counts the passes of all processes."""


class PassCounter:
    """Counts passes, and remembers how far this process has seen them counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen = 0

    async def count(self, connection: AsyncConnection) -> int:
        """Count one more; raises `DatabaseReplacedError` if some were forgotten.

        To be remembered once it is committed: a full disk takes it back.
        """
        stored = await get_fact(connection, _FACT)
        number = int(stored) if stored is not None and stored.isdecimal() else 0
        if number < self._seen:
            self._database.report_replaced("was replaced by an earlier ledger")
        await set_fact(connection, _FACT, str(number + 1))
        return number + 1

    def remember(self, number: int) -> None:
        """The pass with this number is in the ledger."""
        self._seen = number
