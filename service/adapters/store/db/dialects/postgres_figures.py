"""Figures of a PostgreSQL server that say whether it can clean up behind us.

An update leaves a dead row, and only a vacuum takes it away, once no snapshot is older:
https://www.postgresql.org/docs/current/routine-vacuuming.html. Every query reads what a
role without further rights may read.
"""

from typing import Final

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.flow.reports.metrics import ServerFigures, TableRows

HOT_TABLES: Final = (
    "leases",
    "messages",
    "permit_recipients",
    "permits",
    "recipients",
    "reminders",
    "slots",
    "turns",
)
"""Tables whose rows change while reminders are sent, or with each import."""

_ROWS: Final = text(
    "SELECT relname, n_live_tup, n_dead_tup FROM pg_stat_user_tables"
    " WHERE schemaname = current_schema() AND relname IN :names ORDER BY relname"
).bindparams(bindparam("names", list(HOT_TABLES), expanding=True))

_SNAPSHOTS: Final = text(
    "SELECT"
    " (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)"
    "    FROM pg_stat_activity WHERE datname = current_database()"
    "     AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()),"
    " (SELECT coalesce(max(age(oldest)), 0) FROM ("
    "    SELECT backend_xmin AS oldest FROM pg_stat_activity"
    "     WHERE pid <> pg_backend_pid() AND usesysid IS NOT NULL"
    "    UNION ALL SELECT transaction FROM pg_prepared_xacts"
    "    UNION ALL SELECT xmin FROM pg_replication_slots) AS held),"
    " (SELECT count(*) FROM pg_stat_replication)"
)
"""Of sessions of other roles a plain role sees the snapshot, not since when it is.

Autovacuum, which has no user, keeps nobody from cleaning up.
"""


async def read_server_figures(connection: AsyncConnection) -> ServerFigures:
    """The figures of this moment, as its statistics have them."""
    rows = await connection.execute(_ROWS)
    tables = {name: TableRows(int(live), int(dead)) for name, live, dead in rows}
    seconds, transactions, standbys = (await connection.execute(_SNAPSHOTS)).one()
    return ServerFigures(tables, float(seconds), int(transactions), int(standbys))
