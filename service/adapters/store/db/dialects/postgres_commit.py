"""Commits on PostgreSQL: which wait for a standby, and whether one has confirmed them.

A wait that is cancelled is a WARNING and a commit that succeeds.
https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.domain.errors import UnconfirmedCommitError

LONGEST_CONFIRMATION: Final = 10.0
"""Seconds that a commit waits for a synchronous standby: it holds up all others."""

CONFIRMED: Final = "confirmed"
"""Execution option of an engine: whether its commits wait for a standby."""

_WARNINGS: Final = "warnings since the transaction began"
"""Key in the information of a connection."""


def watch_warnings(engine: Engine) -> None:
    """Let connections of the engine note the warnings that the server sends."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:  # noqa: ANN401 - DBAPI
        noted: list[str] = record.info.setdefault(_WARNINGS, [])

        def note(diagnostic: Any) -> None:  # noqa: ANN401 - psycopg's
            if diagnostic.severity_nonlocalized == "WARNING":
                noted.append(diagnostic.message_primary)

        connection.driver_connection.add_notice_handler(note)


@asynccontextmanager
async def begin_to_write(
    engine: AsyncEngine, shown_url: str, *, confirmed: bool
) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that may write, and commit it.

    `confirmed`, which is an option of the engine too: the commit waits for a
    synchronous standby, where there is one. Raises `UnconfirmedCommitError` if that did
    not answer: it is committed all the same.
    """
    async with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        if confirmed:
            await _commit(connection, transaction, shown_url)


async def _commit(
    connection: AsyncConnection,
    transaction: Any,  # noqa: ANN401 - of SQLAlchemy
    shown_url: str,
) -> None:
    noted: list[str] = connection.info[_WARNINGS]
    noted.clear()
    try:
        async with asyncio.timeout(LONGEST_CONFIRMATION):
            await transaction.commit()
    except TimeoutError:
        noted.append("no answer")
    if noted:
        raise UnconfirmedCommitError(
            f"{shown_url}: stored, but no synchronous standby has confirmed it "
            f"({noted[-1]}); start the standby, or take it out of "
            "synchronous_standby_names: sending goes on by itself"
        )
