"""Engines on PostgreSQL: how their transactions begin.

Nothing here is left to a session, so that pgbouncer may share connections between
transactions: https://www.pgbouncer.org/features.html
"""

from importlib.util import find_spec
from typing import Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.adapters.store.db.dialects.postgres_commit import CONFIRMED, watch_warnings
from service.domain.errors import SetUpError

WRITE_LOCK: Final = 7_265_707_265
"""Key of the advisory lock of transactions that write; any number, always the same."""

_LONGEST_WAIT: Final = "30s"
"""As long as SQLite waits for another writer."""

_LONGEST_SILENCE: Final = "120s"
"""After which PostgreSQL ends a transaction whose process sends nothing.

A process that was stopped in a transaction would keep everybody else from writing.
"""

BEGIN_WRITING: Final = (
    f"SELECT set_config('lock_timeout', '{_LONGEST_WAIT}', true), "
    f"set_config('idle_in_transaction_session_timeout', '{_LONGEST_SILENCE}', true), "
    "set_config('synchronous_commit', '{durability}', true), "
    f"pg_advisory_xact_lock({WRITE_LOCK})"
)
"""`durability` is `on`, which waits for a synchronous standby as well, or `local`."""

BEGIN_BESIDE: Final = BEGIN_WRITING.replace("xact_lock", "xact_lock_shared")

BESIDE_OTHERS: Final = "beside others"
"""Execution option of an engine: whether its transactions run beside others like them.

They exclude those that write alone, and are excluded by them; whoever waits goes in the
order of asking.
"""


def create_postgres_engine(url: URL, *, writes: bool) -> AsyncEngine:
    """An engine whose transactions may write, or only read.

    One that writes is alone, in all processes: a statement then sees all that was
    committed before, as on SQLite. With `BESIDE_OTHERS` it excludes only those that are
    alone. Those that read see one snapshot. Raises `SetUpError` where the driver is not
    installed.
    """
    if find_spec("psycopg") is None:
        raise SetUpError(
            "PERMIT_REMINDERS_DATABASE_URL: PostgreSQL needs a driver; run "
            "`pip install 'permit-reminders[postgres]'`"
        )
    # Never READ WRITE: a standby refuses that as a feature, not as read-only.
    read_only = {} if writes else {"postgresql_readonly": True}
    engine = create_async_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        pool_pre_ping=True,
        connect_args={"prepare_threshold": None, "connect_timeout": 10},
        execution_options={"preserve_rowcount": True, **read_only},
    )
    if writes:
        watch_warnings(engine.sync_engine)

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Connection) -> None:
            options = connection.get_execution_options()
            begin = BEGIN_BESIDE if options.get(BESIDE_OTHERS) else BEGIN_WRITING
            durability = "on" if options.get(CONFIRMED) else "local"
            connection.exec_driver_sql(begin.format(durability=durability))

    return engine
