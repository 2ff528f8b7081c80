"""Rows of an import that were refused when they were to be stored.

What is stored changes with the rows behind them, so a resumed import cannot find out
again which ones were refused, and why.
"""

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.insert_rows import insert_rows
from service.adapters.store.db.schema import import_refusals, imports
from service.domain.errors import InvalidError, Mistake
from service.flow.permits.import_record import RefusedRows


async def record_refused(
    connection: AsyncConnection, import_id: str, refused: RefusedRows
) -> None:
    """Store why rows are refused, as part of the transaction that refuses them."""
    rows = [
        {
            "import_id": import_id,
            "position": position,
            "mistakes": [*map(_to_json, error.mistakes)],
        }
        for position, error in refused.items()
    ]
    await insert_rows(connection, insert(import_refusals), rows)


def _to_json(mistake: Mistake) -> tuple[str, str, str]:
    return mistake.field, mistake.found, mistake.expected


async def read_refused(connection: AsyncConnection, import_id: str) -> RefusedRows:
    """The rows of an import that were refused so far."""
    wanted = select(import_refusals.c.position, import_refusals.c.mistakes)
    rows = await connection.execute(
        wanted.where(import_refusals.c.import_id == import_id)
    )
    return {
        position: InvalidError("row", [Mistake(*one) for one in mistakes])
        for position, mistakes in rows
    }


async def forget_refused(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> None:
    """Forget the refused rows of imports that nobody resumes any more."""
    ids = select(imports.c.id).where(which)
    await connection.execute(
        delete(import_refusals).where(import_refusals.c.import_id.in_(ids))
    )
