"""Notices that the files of an SQLite database are no longer those that were opened.

SQLite keeps its files open and does not look at their names again. After a file in use
was removed, or a backup was put in its place, a process would go on writing into a file
that no later process reads, and what it sent would be sent again.
https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
"""

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.domain.errors import DatabaseReplacedError, StorageError

log = logging.getLogger(__name__)

WAL_LIMIT: Final = 16 * 1024 * 1024
"""Bytes to which SQLite shortens the WAL when it begins again from its start."""

WAL_WARNING: Final = 4 * WAL_LIMIT
"""Bytes from which a WAL that goes on growing is worth a line in the log."""

_WAL_MAGIC: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a WAL begins: https://www.sqlite.org/fileformat2.html#walformat"""

_FileId = tuple[int, int]
"""Device and inode of a file; None in its place: there is no such file."""


class FileWatch:
    """The files of one database, as the connections of this process opened them.

    SQLite removes the WAL and its index when the last connection of all processes is
    closed, and never while one of ours is open. So both are compared only as long as a
    connection of ours has them open. The database file must be the same for as long as
    the process lives, and never becomes shorter: nothing here runs VACUUM. A check is
    seven calls of the system, some 20 microseconds.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._wal, self._shm = (Path(f"{file}{end}") for end in ("-wal", "-shm"))
        self._connections = set[object]()
        self._ids: dict[Path, _FileId] = {}
        self._size = 0
        self._last_wal, self._had_valid_wal = _NO_WAL, False
        self._replaced: DatabaseReplacedError | None = None
        self._has_warned = False

    def note_opened(self, connection: object) -> None:
        """Remember the files of a connection that has just read from them."""
        if not self._connections:
            self._ids = {at: one for at, one in self._ids.items() if at == self._file}
            self._last_wal, self._had_valid_wal = _NO_WAL, False
        found = {at: _file_id(at) for at in (self._file, self._wal, self._shm)}
        if None not in found.values():
            self._connections.add(connection)
        for at, one in found.items():
            if one is not None:
                self._ids.setdefault(at, one)

    def note_closing(self, connection: object) -> None:
        """Forget a connection, just before it is closed."""
        self._connections.discard(connection)

    def check(self) -> None:
        """Raise `DatabaseReplacedError` if a file was replaced, removed or shortened.

        Once raised it is raised for ever: what was lost is known only after a restart.
        """
        if self._replaced is None and (found := self._find_replaced()):
            self._replaced = DatabaseReplacedError(*found)
        if self._replaced is not None:
            raise self._replaced

    def report_replaced(self, what: str) -> None:
        """Raise `DatabaseReplacedError` now and for ever, for what only rows show."""
        self._replaced = DatabaseReplacedError(self._file, what)
        raise self._replaced

    def check_for_writing(self) -> None:
        """`check`, whether the WAL was shortened, and whether the file is writable.

        To be called in a transaction that has the write lock: nobody else may change
        the WAL then. SQLite shortens it only when it begins again, with other salts.
        Raises `StorageError` while the file cannot be written.
        """
        self.check()
        found, last = _read_wal(self._wal), self._last_wal
        if found.salts == last.salts and found.size < min(last.size, WAL_LIMIT):
            self._replaced = DatabaseReplacedError(self._wal, "was shortened")
            raise self._replaced
        if found.salts == last.salts:
            self._warn_of_growth(last.size, found.size)
        self._last_wal = found
        if not os.access(self._file, os.W_OK):
            raise StorageError.read_only(self._file)

    def _warn_of_growth(self, before: int, size: int) -> None:
        """Log once that the WAL grows and cannot begin again: somebody reads."""
        if WAL_WARNING <= before < size and not self._has_warned:
            log.warning(
                "%s: has grown to %d MB, because a program has been reading the "
                "database for long; end it before the disk is full",
                self._wal,
                size // 1_000_000,
            )
            self._has_warned = True

    def _find_replaced(self) -> tuple[Path, str] | None:
        """The first file that is not ours any more, and what happened to it."""
        if self._file not in self._ids:
            return None
        with suppress(OSError):
            found = self._file.stat()
            if (found.st_dev, found.st_ino) == self._ids[self._file]:
                if found.st_size < self._size:
                    return self._file, "was overwritten or shortened"
                self._size = found.st_size
                return self._find_replaced_wal() if self._connections else None
        return self._file, "was removed or replaced"

    def _find_replaced_wal(self) -> tuple[Path, str] | None:
        wal = _read_wal(self._wal)
        if wal.id != self._ids[self._wal]:
            return self._wal, "was removed or replaced"
        if wal.size and self._had_valid_wal and not wal.is_valid:
            return self._wal, "was overwritten or emptied"
        self._had_valid_wal |= wal.is_valid
        if _file_id(self._shm) != self._ids[self._shm]:
            return self._shm, "was removed or replaced"
        return None


def _file_id(path: Path) -> _FileId | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


@dataclass(frozen=True, slots=True)
class _Wal:
    """A WAL: which file it is, its first bytes, and its size in bytes."""

    id: _FileId | None
    header: bytes
    size: int

    @property
    def is_valid(self) -> bool:
        """Whether SQLite wrote it: not so before its first write after a power cut."""
        return self.header.startswith(_WAL_MAGIC)

    @property
    def salts(self) -> bytes:
        """What changes each time the WAL begins again from its start."""
        return self.header[16:24]


_NO_WAL: Final = _Wal(None, b"", 0)


def _read_wal(path: Path) -> _Wal:
    """Read the header of a WAL. SQLite locks other files, so closing it is harmless."""
    try:
        opened = os.open(path, os.O_RDONLY)
    except OSError:
        return _NO_WAL
    try:
        header, found = os.read(opened, 32), os.fstat(opened)
    finally:
        os.close(opened)
    return _Wal((found.st_dev, found.st_ino), header, found.st_size)
