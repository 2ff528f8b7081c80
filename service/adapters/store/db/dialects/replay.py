"""Until when the database that is read knows what happened: a replica lags."""

from datetime import datetime
from typing import Final

from sqlalchemy import DateTime, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

_REPLAYED: Final = select(
    literal_column(
        "CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_xact_replay_timestamp(), "
        "(SELECT checkpoint_time FROM pg_control_checkpoint())) END",
        DateTime(timezone=True),
    )
)
"""When the last transaction that the replica has was committed; null on a primary.

One that has replayed none since it started is not before its last checkpoint.
"""


async def known_until(connection: AsyncConnection, now: datetime) -> datetime:
    """Now, or on a replica the commit that it replayed last, if that was before."""
    if connection.dialect.name == "sqlite":
        return now
    replayed: datetime | None = await connection.scalar(_REPLAYED)
    return now if replayed is None else min(now, replayed)
