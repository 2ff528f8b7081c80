"""`SqlImportStore`: the records of imports."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.action_log import UNKNOWN_TYPES, log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import imports
from service.adapters.store.db.types import database_now
from service.adapters.store.permits.imports.change_reader import read_changes
from service.adapters.store.permits.imports.changes import Change, record_changes
from service.adapters.store.permits.imports.record_rows import (
    RECORDS,
    load_record,
    to_record,
    to_values,
)
from service.adapters.store.permits.imports.refused_rows import (
    forget_refused,
    read_refused,
    record_refused,
)
from service.domain.errors import ConflictError, InvalidError
from service.domain.masked_text import mask_text
from service.flow.permits.import_record import (
    ChangeCursor,
    ChunkNote,
    ImportChange,
    ImportFile,
    ImportMode,
    ImportRecord,
    ImportState,
    ImportStore,
)
from service.flow.permits.snapshot.absent import ABSENT_OUTCOME


class SqlImportStore(ImportStore):
    """Stores and reads the records of imports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, file: ImportFile, rows: int, by: str, now: datetime
    ) -> ImportRecord:
        """Store the record of an import that begins."""
        record = ImportRecord(
            id=str(uuid7()),
            file=file,
            state=ImportState.RUNNING,
            rows=rows,
            committed=0,
            counts={},
            seconds=0.0,
            started_at=now,
            ended_at=None,
            by=by,
        )
        async with self._database.write() as connection:
            values = to_values(record) | {"alive_at": database_now()}
            await connection.execute(insert(imports).values(**values))
        return record

    async def resume(
        self, import_id: str, by: str, *, exported_at: datetime | None = None
    ) -> ImportRecord:
        """Mark an import as running again."""
        async with self._database.write() as connection:
            values = {"state": ImportState.RUNNING, "by": by, "ended_at": None}
            known = {} if exported_at is None else {"exported_at": exported_at}
            await connection.execute(
                update(imports)
                .where(imports.c.id == import_id)
                .values(**values, **known, alive_at=database_now())
            )
            record = await load_record(connection, import_id)
            return replace(record, refused=await read_refused(connection, import_id))

    async def end(
        self,
        import_id: str,
        state: ImportState,
        counts: Mapping[str, int],
        unknown_types: Mapping[str, int],
        now: datetime,
        *,
        report: Sequence[str] | None = None,
    ) -> None:
        """Store how an import ended, with its last counts."""
        values = {"state": state, "counts": dict(counts), "ended_at": now}
        if report is not None:
            values["report"] = [mask_text(line) for line in report]
        async with self._database.write() as connection:
            await connection.execute(
                update(imports).where(imports.c.id == import_id).values(**values)
            )
            file = (await load_record(connection, import_id)).file
            if state is ImportState.DONE and not file.is_trial:
                await forget_refused(
                    connection, _is_alike(file.register, is_filed=file.is_filed)
                )
            if unknown_types:
                detail = {"import": import_id, "rows": dict(unknown_types)}
                await log_action(connection, now, "service", UNKNOWN_TYPES, detail)

    async def last(
        self,
        register: str,
        state: ImportState | None = None,
        *,
        is_filed: bool = False,
        is_whole: bool = False,
    ) -> ImportRecord | None:
        """The newest import of a register, but for trials and refused ones."""
        wanted = RECORDS.where(
            _is_alike(register, is_filed=is_filed),
            imports.c.is_trial.is_(False),
            imports.c.state != ImportState.REFUSED,
        )
        if is_whole:
            wanted = wanted.where(~imports.c.is_rejects, ~imports.c.is_part)
        if state is not None:
            wanted = wanted.where(imports.c.state == state)
        async with self._database.read() as connection:
            newest = wanted.order_by(imports.c.id.desc()).limit(1)
            row = (await connection.execute(newest)).first()
        return to_record(row) if row else None

    async def last_mark(self, register: str, mapping: bytes) -> str | None:
        """The newest mark of an import that is done, by the mapping of this digest."""
        wanted = (
            select(imports.c.mark)
            .where(
                imports.c.register == register,
                imports.c.mapping == mapping,
                imports.c.state == ImportState.DONE,
                imports.c.mark.is_not(None),
            )
            .order_by(imports.c.id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).scalar()

    async def get(self, import_id: str) -> ImportRecord:
        """An import; raises `UnknownError`."""
        async with self._database.read() as connection:
            return await load_record(connection, import_id)

    async def page(
        self, register: str | None, after: str | None, limit: int
    ) -> list[ImportRecord]:
        """Imports older than the id `after`, the newest first."""
        wanted = RECORDS.order_by(imports.c.id.desc()).limit(limit)
        if register is not None:
            wanted = wanted.where(imports.c.register == register)
        if after is not None:
            wanted = wanted.where(imports.c.id < after)
        async with self._database.read() as connection:
            return [to_record(row) for row in await connection.execute(wanted)]

    async def changes(
        self, import_id: str | None, after: ChangeCursor | None, limit: int
    ) -> list[ImportChange]:
        """What one import changed, or all, behind `after`; the first is the oldest."""
        async with self._database.read() as connection:
            return await read_changes(connection, import_id, after, limit)


def _is_alike(register: str, *, is_filed: bool) -> ColumnElement[bool]:
    """Whether an import is of a register, and as given of filed renewals or permits."""
    has_mode = imports.c.mode == ImportMode.FILED
    return and_(imports.c.register == register, has_mode if is_filed else ~has_mode)


async def note_chunk(
    connection: AsyncConnection,
    note: ChunkNote,
    outcomes: Sequence[str | InvalidError],
    changes: Sequence[Change],
    now: datetime,
) -> None:
    """Store how far an import is and what it changed, in the chunk's transaction.

    Raises `ConflictError` if another process goes on with the same import.
    """
    noted = await connection.execute(
        update(imports)
        .where(
            imports.c.id == note.import_id,
            imports.c.committed == note.committed_before,
            imports.c.state == ImportState.RUNNING,
        )
        .values(
            committed=note.committed,
            counts=dict(note.counts(outcomes)),
            seconds=note.seconds,
            alive_at=database_now(),
        )
        .returning(imports.c.by)
    )
    by = noted.scalar()
    if by is None:
        raise ConflictError(
            "another process goes on with this import; see how far it is, and if it "
            "does not end, import the file again with --resume"
        )
    await record_refused(connection, note.import_id, note.refused(outcomes))
    await record_changes(connection, note.import_id, by, changes, now)


async def count_absent(
    connection: AsyncConnection,
    import_id: str,
    count: int,
    changes: Sequence[Change],
    now: datetime,
) -> None:
    """Count permits that an import withdrew, and store what that changed."""
    record = select(imports.c.counts, imports.c.by).where(imports.c.id == import_id)
    counts, by = (await connection.execute(record)).one()
    counts = Counter[str](counts) + Counter({ABSENT_OUTCOME: count})
    await connection.execute(
        update(imports).where(imports.c.id == import_id).values(counts=dict(counts))
    )
    await record_changes(connection, import_id, by, changes, now)
