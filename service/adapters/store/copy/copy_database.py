"""`copy_database`: every row of a database, and the proof that all are there."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.copy.insert_page import continue_numbers, insert_page
from service.adapters.store.copy.progress import (
    CopyProgress,
    advance,
    begin_or_resume,
    finish,
)
from service.adapters.store.copy.stored_tables import (
    Checksum,
    Row,
    StoredTable,
    stored_tables,
)
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import messages, pauses
from service.adapters.store.db.types import database_now
from service.domain.delivery.operator_request import SCOPE_ALL
from service.domain.delivery.status import MessageState
from service.domain.errors import SetUpError

Report = Callable[[str, int], None]
"""Takes what is done, such as "copying permits", and how many more rows that is."""

View = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Opens a transaction that reads one page."""


async def refuse_source_in_use(source: Database) -> None:
    """Raise `SetUpError` unless sending is paused and no message is under way.

    The pause is copied too: afterwards neither database sends before a person resumes
    it, and a worker that still runs on the source never does.
    """
    paused = select(pauses.c.since).where(pauses.c.scope == SCOPE_ALL)
    under_way = select(func.count(messages.c.id)).where(
        messages.c.state == MessageState.SENDING,
        messages.c.lease_until > database_now(),
    )
    async with source.read() as connection:
        if await connection.scalar(paused) is None:
            raise SetUpError(
                f"{source.shown_url}: a worker may send from it; run "
                "`permit-reminders pause --reason moving` on it, stop every `serve`, "
                "and copy again"
            )
        if sending := await connection.scalar(under_way):
            raise SetUpError(
                f"{source.shown_url}: messages under way: {sending}; stop every "
                "`serve`, and copy again in a few minutes"
            )


async def count_rows(source: Database) -> int:
    """How many rows a database has."""
    total = 0
    for stored in stored_tables():
        async with source.read() as connection:
            counted = select(func.count()).select_from(stored.table)
            total += await connection.scalar(counted) or 0
    return total


async def copy_database(
    source: Database, target: Database, mark: str, report: Report
) -> int:
    """Copy every row into an empty database, or go on; how many rows there are.

    `mark` tells this source from others. Each page is read and stored in transactions
    of its own, so that nobody waits long and no snapshot is held; while both sides are
    compared, nobody stores anything in the source. Raises `SetUpError` for a target
    with other rows, and if a table is not the same in the end.
    """
    progress = await begin_or_resume(target, mark)
    while progress.table < len(stored_tables()):
        progress = await _copy_page(source, target, progress, report)
    rows = 0
    async with source.write() as locked:
        for stored in stored_tables():
            there, here = Checksum(), Checksum()
            await _add_up(there, stored, lambda: nullcontext(locked), report)
            await _add_up(here, stored, target.read, report)
            if there != here:
                raise SetUpError(
                    f"{stored.name}: {there.rows} rows in {source.shown_url}, "
                    f"{here.rows} in the copy, and not the same; something wrote to "
                    "them meanwhile: stop it, and copy into an empty database"
                )
            rows += there.rows
        await finish(target)
    return rows


async def _copy_page(
    source: Database, target: Database, progress: CopyProgress, report: Report
) -> CopyProgress:
    stored = stored_tables()[progress.table]
    async with source.read() as connection:
        rows = await _read_page(connection, stored, progress.after)
    following = CopyProgress(progress.mark, progress.table + 1)
    if not stored.is_last(rows):
        following = CopyProgress(progress.mark, progress.table, stored.key_of(rows[-1]))
    async with target.write() as connection:
        await advance(connection, progress, following)
        if rows:
            await insert_page(connection, stored, rows)
            await continue_numbers(connection, stored)
    report(f"copying {stored.name}", len(rows))
    return following


async def _add_up(
    checksum: Checksum, stored: StoredTable, view: View, report: Report
) -> None:
    """Add all rows of a table to its checksum, each page in a view of its own."""
    after: Sequence[object] | None = None
    is_last = False
    while not is_last:
        async with view() as connection:
            rows = await _read_page(connection, stored, after)
        checksum.add(rows)
        report(f"comparing {stored.name}", len(rows))
        is_last = stored.is_last(rows)
        after = None if is_last else stored.key_of(rows[-1])


async def _read_page(
    connection: AsyncConnection, stored: StoredTable, after: Sequence[object] | None
) -> Sequence[Row]:
    rows: Sequence[Row] = (await connection.execute(stored.page(after))).all()
    return rows
