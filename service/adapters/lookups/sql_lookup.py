"""Look-ups by a query, read only, in any database that SQLAlchemy can reach."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Engine, text

from service.adapters.lookups.daemon_thread import DaemonThreads, TooManyHangingError
from service.adapters.lookups.register_database import interrupt, open_database
from service.adapters.lookups.rows import NoUsableAnswerError, Row, cell_of, only_row
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
    engine = open_database(lookup.database_env or "", environ, lookup.timeout)

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
        return [{name: cell_of(value) for name, value in row.items()} for row in rows]

    def interrupt(self) -> None:
        """Interrupt it if it still runs."""
        if self._driver_connection is not None:
            interrupt(self._driver_connection)
