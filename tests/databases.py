"""The databases of tests: SQLite files, or databases of a PostgreSQL server.

A test names its database by a file, whichever it is; on PostgreSQL the file is only a
name. `pytest --database postgres` runs on PostgreSQL.
"""

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.postgres import Server

_servers: list[Server] = []
"""The server that databases are on, last; without one they are files."""


@contextmanager
def on_server(server: Server) -> Iterator[None]:
    """Let databases be on this server."""
    _servers.append(server)
    try:
        yield
    finally:
        _servers.pop()


def database_url(file: Path) -> str:
    """The address of a database; on PostgreSQL it is created if it is new."""
    if not _servers:
        return f"sqlite:///{file}"
    _servers[-1].ensure_database(database_name(file))
    return _servers[-1].url(database_name(file))


def copy_database(source: Path, target: Path) -> None:
    """Copy a database that nobody has open, in place of another."""
    if not _servers:
        shutil.copy(source, target)
        return
    _servers[-1].drop_database(database_name(target))
    _servers[-1].create_database(database_name(target), database_name(source))


def drop_database(file: Path) -> None:
    """Drop what is in nobody's temporary folder."""
    if _servers:
        _servers[-1].drop_database(database_name(file))


def database_name(file: Path) -> str:
    """The name of a database on the server."""
    return f"t{hashlib.sha1(str(file).encode(), usedforsecurity=False).hexdigest()}"


def query_rows(
    file: Path, query: str, values: tuple[object, ...]
) -> list[dict[str, Any]]:
    """What a query finds, read by nothing of ours, as SQLite would show it."""
    if not _servers:
        with closing(sqlite3.connect(file)) as raw:
            raw.row_factory = sqlite3.Row
            return [dict(row) for row in raw.execute(query, values)]
    with _of_both(), _servers[-1].connect(database_name(file)) as connection:
        found = connection.execute(with_percents(query), values)
        names = [column.name for column in found.description or ()]
        return [
            {name: plain_value(value) for name, value in zip(names, row, strict=True)}
            for row in found
        ]


def run_statements(
    file: Path, statements: tuple[str, ...], values: tuple[object, ...] = ()
) -> int:
    """Change rows by hand, in one transaction; how many rows."""
    if not _servers:
        with closing(sqlite3.connect(file)) as raw, raw:
            raw.execute("PRAGMA synchronous = OFF")
            return sum(raw.execute(one, values).rowcount for one in statements)
    given = [str(one) if isinstance(one, int) else one for one in values]
    with (
        _of_both(),
        _servers[-1].connect(database_name(file)) as connection,
        connection.transaction(),
    ):
        connection.execute("SET LOCAL session_replication_role = replica")  # as SQLite
        return sum(
            connection.execute(with_percents(one), given or None).rowcount
            for one in statements
        )


_OF_SQLITE = (
    psycopg.errors.CardinalityViolation,
    psycopg.errors.DatatypeMismatch,
    psycopg.errors.UndefinedFunction,
)


@contextmanager
def _of_both() -> Iterator[None]:
    """Skip a test that itself speaks what only SQLite understands."""
    try:
        yield
    except _OF_SQLITE as error:
        pytest.skip(f"the test's own SQL is SQLite's: {error.diag.message_primary}")


def with_percents(query: str) -> Any:  # noqa: ANN401 - a literal, to psycopg
    """The query with parameters as psycopg marks them."""
    return re.sub(r"\?", "%s", query.replace("%", "%%")) if "?" in query else query


def plain_value(value: Any) -> Any:  # noqa: ANN401 - of any column
    """A value as it would be read from an SQLite file."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None)
        return utc.isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return value.hex
    return json.dumps(value) if isinstance(value, dict | list) else value
