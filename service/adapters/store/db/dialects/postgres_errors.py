"""What an error of PostgreSQL says to an operator.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.exc import DBAPIError

from service.domain.errors import DatabaseBusyError, StorageError

_GOES_ON: Final = "sending goes on by itself"

_UNREACHABLE: Final = f"cannot be reached; start it, or mend the way to it: {_GOES_ON}"

_BUSY: Final = (
    "another process holds the database, for longer than a transaction waits; find "
    f"the session that writes to it: {_GOES_ON}"
)

_BUSY_STATES: Final = frozenset({"55P03", "40001", "40P01"})
"""Waited too long for a lock, could not be serialized, deadlocked."""

_CAUSES: Final[Mapping[str, str]] = {
    "08": _UNREACHABLE,
    "08P01": (
        "pgbouncer had no connection free in time, or refused; raise its pool size, or "
        f"see its log: {_GOES_ON}"
    ),
    "57": _UNREACHABLE,
    "57014": (
        "cancelled a statement; raise statement_timeout for this user or database: "
        f"{_GOES_ON}"
    ),
    "25P03": "ended a transaction of this process, which sent nothing for too long",
    "25006": (
        "is read-only, as a standby is; let PERMIT_REMINDERS_DATABASE_URL name the "
        f"primary: {_GOES_ON}"
    ),
    "53100": f"the disk of the server is full; make room on it: {_GOES_ON}",
    "53200": f"the server is out of memory; see its log: {_GOES_ON}",
    "53300": (
        "has no connection left; raise max_connections, or put pgbouncer before it: "
        f"{_GOES_ON}"
    ),
    "58": f"the server's disk refused to read or write; see its log: {_GOES_ON}",
    "XX": "the server reports damaged data; see its log, and restore a backup",
    "28": "refuses this user or password; correct PERMIT_REMINDERS_DATABASE_URL",
    "3D000": ("no such database; create it, or correct PERMIT_REMINDERS_DATABASE_URL"),
    "42501": (
        "this user lacks a right; make it the owner of the database and its tables"
    ),
}
"""By SQLSTATE, or by its first two characters."""


def postgres_error(shown_url: str, error: DBAPIError) -> StorageError | None:
    """The error in words for an operator; None if a statement itself is wrong."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state in _BUSY_STATES:
        return DatabaseBusyError(f"{shown_url}: {_BUSY}")
    if state is None:
        return _connection_error(shown_url, error)
    cause = _CAUSES.get(state) or _CAUSES.get(state[:2])
    return None if cause is None else StorageError(f"{shown_url}: {cause} ({state})")


def standby_error(shown_url: str) -> StorageError:
    """The error of a server that only reads, before anything was to be written."""
    return StorageError(f"{shown_url}: {_CAUSES['25006']}")


def _connection_error(shown_url: str, error: DBAPIError) -> StorageError | None:
    """The error of libpq, which gives refused connections no SQLSTATE."""
    text = str(error.orig)
    if any(words in text for words in _FULL):
        return StorageError(f"{shown_url}: {_CAUSES['53300']}")
    if any(word in text for word in _NOT_LET_IN):
        return StorageError(f"{shown_url}: {_CAUSES['28']}")
    if "does not exist" in text:
        return StorageError(f"{shown_url}: {_CAUSES['3D000']}")
    if error.connection_invalidated or type(error.orig).__name__ in _LOST:
        reason = text.strip().partition("\n")[0]
        return StorageError(f"{shown_url}: {_UNREACHABLE} ({reason})")
    return None


_NOT_LET_IN: Final = ("password", "authentication", "pg_hba.conf", 'role "')

_FULL: Final = ("too many clients", "too many connections", "connection slots")

_LOST: Final = frozenset({"OperationalError", "ConnectionTimeout", "InterfaceError"})
"""Errors of psycopg, by name: it is not installed where only SQLite is used."""
