"""The server that a ledger is on, compared with the one that it was on.

A promotion begins a new timeline: the first eight digits of a WAL file's name, which
any role may ask for. The last checkpoint still shows the old one for a while.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CONTROLDATA
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, String, literal, literal_column, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import servers
from service.domain.failover.ledger_server import LedgerServer, Standing

_IDENTITY: Final[ColumnElement[Any]] = literal_column(
    "CASE WHEN NOT pg_is_in_recovery() THEN "
    "(SELECT system_identifier FROM pg_control_system()) || '/' || "
    "left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' || "
    "(SELECT oid FROM pg_database WHERE datname = current_database()) END",
    String(),
)
"""System identifier, timeline and the database's own number; null on a standby.

A dump that is restored into the same server has another number.
"""

_newest = select(servers).order_by(servers.c.id.desc()).limit(1).subquery()
_one = select(literal(1).label("row")).subquery()

_STANDING = select(_newest, _IDENTITY.label("present")).select_from(
    _one.outerjoin(_newest, true())
)


async def load_standing(connection: AsyncConnection) -> Standing:
    """The present server beside the newest that is stored; on SQLite no question."""
    if connection.dialect.name == "sqlite":
        return _ON_A_FILE
    row = (await connection.execute(_STANDING)).one()
    return Standing(None if row.id is None else _to_server(row), row.present)


_ON_A_FILE = Standing()


def _to_server(row: Row[Any]) -> LedgerServer:
    return LedgerServer(
        id=row.id,
        identity=row.identity,
        found_at=row.found_at,
        asked_since=row.asked_since,
        are_texts_read=row.are_texts_read,
        is_trusted=row.is_trusted,
        is_released=row.is_released,
    )
