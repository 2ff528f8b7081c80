"""What an error of SQLite says about the disk: https://www.sqlite.org/rescode.html."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from service.domain.errors import DatabaseBusyError, StorageError

_PRIMARY: Final = 0xFF
"""The bits of an extended result code that make its primary one."""

_DAMAGED: Final = (
    "is damaged ({name}); stop all processes on it, keep a copy, and restore a backup"
)

_BUSY: Final = (
    "another process holds the database, for longer than a transaction waits; find "
    "the program that writes to it: sending goes on by itself"
)

_CAUSES: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_FULL: (
        "the disk is full; make room on it: sending goes on by itself"
    ),
    sqlite3.SQLITE_READONLY: (
        "is read-only ({name}); make it and its folder writable for this "
        "process: sending goes on by itself"
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk refused to read or write ({name}); see the system's log, and make "
        "room if there is a quota: sending goes on by itself"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened ({name}); see that the volume is mounted and that this "
        "process may write to the folder: sending goes on by itself"
    ),
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}


def storage_error(
    file: Path | str, error: DBAPIError, *, writes: bool
) -> StorageError | None:
    """The error in words for an operator; None if it is not about the disk.

    A connection that only reads refuses to write with the code of a read-only file.
    """
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_READONLY and not writes:
        return None
    if code & _PRIMARY == sqlite3.SQLITE_BUSY:
        return DatabaseBusyError(f"{file}: {_BUSY}")
    cause = _CAUSES.get(code & _PRIMARY)
    if cause is None:
        return None
    name = getattr(error.orig, "sqlite_errorname", "")
    return StorageError(f"{file}: {cause.format(name=name)}")
