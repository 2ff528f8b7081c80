"""The action log: what people did, and alarms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import actions

UNKNOWN_TYPES: Final = "unknown permit types"
"""What an import logs of permit types that no rule has, with their rows."""


async def log_action(
    connection: AsyncConnection,
    now: datetime,
    by: str,
    what: str,
    detail: Mapping[str, object],
) -> None:
    """Store who did what, as part of the transaction that did it."""
    await connection.execute(
        insert(actions).values(at=now, by=by, what=what, detail=dict(detail))
    )


async def log_alarm(
    connection: AsyncConnection, what: str, detail: dict[str, str], now: datetime
) -> None:
    """Store something that a person must look at."""
    await connection.execute(
        insert(actions).values(at=now, by="service", what=what, detail=detail)
    )
