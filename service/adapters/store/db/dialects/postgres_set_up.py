"""Whether a PostgreSQL database is one that this service can use."""

from typing import Final

from sqlalchemy import Connection, inspect, text

from service.domain.errors import SetUpError

OLDEST_SERVER: Final = 15
"""The oldest major version that this release supports."""

_OURS: Final = "permits"
"""A table that every migration has."""


_ROOM: Final = "ALTER TABLE messages SET (fillfactor = 50)"
"""Half of each page stays free for the next versions of its messages.

The update that says "begun" then touches no index: with full pages it adds an entry to
each of them, and the table grows more by versions on other pages than it saves.
https://www.postgresql.org/docs/current/storage-hot.html
"""


def leave_room(connection: Connection) -> None:
    """Let rows that change soon after they were inserted stay on their pages."""
    connection.execute(text(_ROOM))


def refuse_unusable(connection: Connection, shown_url: str) -> None:
    """Raise `SetUpError` for a server too old, or for another program's database."""
    version = int((connection.dialect.server_version_info or (0,))[0])
    if version < OLDEST_SERVER:
        raise SetUpError(
            f"{shown_url}: PostgreSQL {version}, this release needs {OLDEST_SERVER} "
            "or later; upgrade the server"
        )
    encoding = connection.scalar(text("SELECT current_setting('server_encoding')"))
    if encoding != "UTF8":
        raise SetUpError(
            f"{shown_url}: stores text as {encoding}; create a database with "
            "ENCODING 'UTF8' TEMPLATE template0"
        )
    tables = inspect(connection).get_table_names()
    if tables and _OURS not in tables:
        raise SetUpError(
            f"{shown_url}: belongs to another program: it has the table {tables[0]}; "
            "create a database for this service alone"
        )
