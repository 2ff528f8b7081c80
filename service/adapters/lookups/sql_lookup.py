"""Look-ups by a query, read only, in any database that SQLAlchemy can reach."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any, Final

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from service.adapters.lookups.daemon_thread import DaemonThreads, TooManyHangingError
from service.adapters.lookups.rows import (
    LONGEST_ANSWER,
    NoUsableAnswerError,
    Row,
    only_row,
)
from service.domain.permits.lookup import Lookup

_ENOUGH: Final = 2
"""Rows that are fetched: a second one is a mistake, and so are more."""


@asynccontextmanager
async def open_query(
    lookup: Lookup, environ: Mapping[str, str], threads: DaemonThreads
) -> AsyncIterator[Callable[[str], Awaitable[Row | None]]]:
    """Open a database; the function asks about a number, and returns its row.

    None: the register has no such permit. Raises `NoUsableAnswerError`, as does the
    function. A question that takes too long is interrupted where the driver can do it,
    and its thread left alone; `at_once` threads may hang.
    """
    engine = _open_engine(lookup, environ)

    async def ask(number: str) -> Row | None:
        question = _Query(engine, lookup.query or "", number)
        name, most = lookup.database_env or "", lookup.at_once
        try:
            async with asyncio.timeout(lookup.timeout):
                return only_row(await threads.run(name, most, question.run))
        except TimeoutError:
            cause = f"no answer within {lookup.timeout:g} seconds"
            raise NoUsableAnswerError(cause, is_outage=True) from None
        except TooManyHangingError:
            cause = "earlier questions still hang"
            raise NoUsableAnswerError(cause, is_outage=True) from None
        except NoUsableAnswerError:
            raise
        except Exception as error:  # noqa: BLE001 - a driver may raise anything
            # Its words have the parameters, and so the number.
            cause = type(getattr(error, "orig", None) or error).__name__
            raise NoUsableAnswerError(cause, is_outage=True) from None
        finally:
            question.interrupt()

    yield ask


class _Query:
    """One question on a connection of its own, which another thread may interrupt."""

    def __init__(self, engine: Engine, query: str, number: str) -> None:
        self._engine = engine
        self._query = query
        self._number = number
        self._driver_connection: Any = None

    def run(self) -> list[Row]:
        """Return the rows as cells; the transaction is rolled back."""
        with self._engine.connect() as connection:
            self._driver_connection = connection.connection.driver_connection
            found = connection.execute(text(self._query), {"number": self._number})
            rows = [dict(row) for row in found.mappings().fetchmany(_ENOUGH)]
            self._driver_connection = None
            connection.rollback()
        return [{name: _cell(value) for name, value in row.items()} for row in rows]

    def interrupt(self) -> None:
        """Interrupt it if it still runs; nobody waits for that, as it may hang too."""
        if self._driver_connection is not None:
            Thread(target=_stop, args=(self._driver_connection,), daemon=True).start()


def _stop(driver_connection: Any) -> None:  # noqa: ANN401 - any driver's
    """Stop what a connection does: sqlite3 says interrupt, most others say cancel."""
    for name in ("interrupt", "cancel"):
        if hasattr(driver_connection, name):
            with suppress(Exception):  # it has ended meanwhile
                getattr(driver_connection, name)()


def _cell(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        raise NoUsableAnswerError("a row with bytes in it")
    if isinstance(value, str) and len(value) > LONGEST_ANSWER:
        raise NoUsableAnswerError(f"a value of more than {LONGEST_ANSWER} characters")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | None) else str(value)


def _open_engine(lookup: Lookup, environ: Mapping[str, str]) -> Engine:
    """Open the database read only, as far as its kind knows that."""
    name = lookup.database_env or ""
    try:
        url = make_url(environ.get(name, ""))
        if url.get_backend_name() == "sqlite":
            return _open_sqlite(url, lookup.timeout)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        # Without stream_results, drivers fetch every row that a query has.
        options = {"postgresql_readonly": True, "stream_results": True}
        return create_engine(url, poolclass=NullPool, execution_options=options)
    except (SQLAlchemyError, ImportError) as error:
        cause = (
            f"{name}: {type(error).__name__}; set it to the address of the register's "
            "database, and install its driver"
        )
        raise NoUsableAnswerError(cause, is_outage=True) from None


def _open_sqlite(url: URL, timeout: float) -> Engine:
    file = Path(url.database or "").absolute().as_uri()

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{file}?mode=ro", uri=True, timeout=timeout, check_same_thread=False
        )

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)
