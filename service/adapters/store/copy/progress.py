"""How far a copy is: one fact in its target, stored with each page of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.copy.stored_tables import (
    COPY_FACT,
    StoredTable,
    stored_tables,
)
from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import get_fact, set_fact
from service.adapters.store.db.schema import facts
from service.domain.errors import SetUpError


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """The tables before `table` are copied, and of it the rows up to a key.

    `mark` tells the source from others.
    """

    mark: str
    table: int = 0
    after: Sequence[object] | None = None

    def dump(self) -> str:
        """The value of the fact."""
        key = None if self.after is None else _table(self.table).dump_key(self.after)
        return orjson.dumps([self.mark, self.table, key]).decode()

    @classmethod
    def load(cls, value: str) -> Self:
        """Read the value of the fact."""
        mark, table, key = orjson.loads(value)
        return cls(mark, table, key and _table(table).load_key(key))


def _table(number: int) -> StoredTable:
    return stored_tables()[number]


async def begin_or_resume(target: Database, mark: str) -> CopyProgress:
    """Begin in a database without rows, or go on from where its copy stopped.

    Raises `SetUpError` for rows that no copy from this source has stored.
    """
    async with target.write() as connection:
        stored = await get_fact(connection, COPY_FACT)
        if stored is None:
            await _refuse_rows(connection, target.shown_url)
            progress = CopyProgress(mark)
            await set_fact(connection, COPY_FACT, progress.dump())
            return progress
    progress = CopyProgress.load(stored)
    if progress.mark != mark:
        raise SetUpError(
            f"{target.shown_url}: has a part of another database; create an empty one"
        )
    return progress


async def _refuse_rows(connection: AsyncConnection, shown_url: str) -> None:
    for one in stored_tables():
        if (await connection.execute(select(one.table).limit(1))).first():
            raise SetUpError(
                f"{shown_url}: is not empty, it has rows in {one.name}; create an "
                "empty database: its tables come with the copy"
            )


async def advance(
    connection: AsyncConnection, done: CopyProgress, following: CopyProgress
) -> None:
    """Store how far it is. Raises `SetUpError` if another process copies too."""
    if await get_fact(connection, COPY_FACT) != done.dump():
        raise SetUpError(
            "another `db copy` writes to this database; wait until it ends"
        )
    await set_fact(connection, COPY_FACT, following.dump())


async def finish(target: Database) -> None:
    """Let everybody use the copy."""
    async with target.write() as connection:
        await connection.execute(delete(facts).where(facts.c.key == COPY_FACT))


async def refuse_unfinished_copy(database: Database) -> None:
    """Raise `SetUpError` for a database that has only a part of another."""
    async with database.read() as connection:
        stored: Any = await get_fact(connection, COPY_FACT)
    if stored is not None:
        raise SetUpError(
            f"{database.shown_url}: copied in part only; run the same `db copy` again"
        )
