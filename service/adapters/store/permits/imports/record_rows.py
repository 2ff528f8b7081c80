"""Records of imports as rows."""

from typing import Any, Final

from sqlalchemy import Row, and_, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import imports
from service.adapters.store.db.types import database_now_plus
from service.domain.errors import UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.permits.import_record import (
    LONGEST_SILENCE,
    ImportFile,
    ImportMode,
    ImportRecord,
    ImportState,
)

_WAS_KILLED: Final = and_(
    imports.c.state == ImportState.RUNNING,
    or_(
        imports.c.alive_at.is_(None),
        imports.c.alive_at
        < database_now_plus(literal(-LONGEST_SILENCE.total_seconds())),
    ),
)

RECORDS: Final = select(imports, _WAS_KILLED.label("was_killed"))
"""Rows of imports, each with whether its process was killed."""


async def load_record(connection: AsyncConnection, import_id: str) -> ImportRecord:
    """An import; raises `UnknownError`."""
    wanted = RECORDS.where(imports.c.id == import_id)
    row = (await connection.execute(wanted)).first()
    if row is None:
        raise UnknownError("import", safe_label(import_id))
    return to_record(row)


def to_values(record: ImportRecord) -> dict[str, Any]:
    """The row of an import that begins."""
    file = record.file
    return {
        "id": record.id,
        "register": file.register,
        "file": file.name,
        "content": file.content,
        "mapping": file.mapping,
        "mode": file.mode,
        "exported_at": file.exported_at,
        "is_rejects": file.is_rejects,
        "is_part": file.is_part,
        "is_trial": file.is_trial,
        "state": record.state,
        "rows": record.rows,
        "committed": record.committed,
        "counts": dict(record.counts),
        "seconds": record.seconds,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "by": record.by,
        "mark": file.mark,
    }


def to_record(row: Row[Any]) -> ImportRecord:
    """The record of a row of `RECORDS`."""
    return ImportRecord(
        id=row.id,
        file=ImportFile(
            register=row.register,
            name=row.file,
            content=row.content,
            mapping=row.mapping,
            mode=ImportMode(row.mode),
            exported_at=row.exported_at,
            is_rejects=row.is_rejects,
            is_part=row.is_part,
            is_trial=row.is_trial,
            mark=row.mark,
        ),
        state=ImportState.STOPPED if row.was_killed else ImportState(row.state),
        rows=row.rows,
        committed=row.committed,
        counts=row.counts,
        seconds=row.seconds,
        started_at=row.started_at,
        ended_at=row.ended_at,
        by=row.by,
        report=row.report,
    )
