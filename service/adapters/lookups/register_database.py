"""Opens the database of a register, read only as far as its kind knows that."""

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from service.adapters.lookups.rows import NoUsableAnswerError


def open_database(variable: str, environ: Mapping[str, str], timeout: float) -> Engine:
    """Open the database whose address is in a variable of the environment.

    Raises `NoUsableAnswerError`, which names the variable and not its value.
    """
    try:
        url = make_url(environ.get(variable, ""))
        if url.get_backend_name() == "sqlite":
            return _open_sqlite(url, timeout)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        # Without stream_results, drivers fetch every row that a query has.
        options = {"postgresql_readonly": True, "stream_results": True}
        return create_engine(url, poolclass=NullPool, execution_options=options)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        # ValueError: behind an "@" in a password, the rest of it may look like a port.
        cause = (
            f"{variable}: {type(error).__name__}; set it to the address of the "
            "register's database, and install its driver"
        )
        raise NoUsableAnswerError(cause, is_outage=True) from None


def interrupt(driver_connection: Any) -> None:  # noqa: ANN401 - any driver's
    """Stop what a connection does; nobody waits for that, as it may hang too."""
    Thread(target=_stop, args=(driver_connection,), daemon=True).start()


def _stop(driver_connection: Any) -> None:  # noqa: ANN401 - any driver's
    """Stop what a connection does: sqlite3 says interrupt, most others say cancel."""
    for name in ("interrupt", "cancel"):
        if hasattr(driver_connection, name):
            with suppress(Exception):  # it has ended meanwhile
                getattr(driver_connection, name)()


def _open_sqlite(url: URL, timeout: float) -> Engine:
    file = Path(url.database or "").absolute().as_uri()

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{file}?mode=ro", uri=True, timeout=timeout, check_same_thread=False
        )

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)
