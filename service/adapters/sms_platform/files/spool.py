"""The spool: holds accepted messages until the file with them is placed.

It is an SQLite file next to the ledger. Each message id has one row, an interrupted
write leaves none, and there is one writer at a time. Phones and texts stay only until
their file is complete; afterwards only ids remain.
"""

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from service.adapters.sms_platform.message_fields import PlatformMessage
from service.flow.monotonic import monotonic_now

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS slips (
  id TEXT PRIMARY KEY,
  at TEXT NOT NULL,
  slip BLOB,
  batch INTEGER,
  left_out TEXT
);
CREATE INDEX IF NOT EXISTS waiting ON slips (id) WHERE slip IS NOT NULL;
CREATE TABLE IF NOT EXISTS batches (
  number INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  placed INTEGER NOT NULL DEFAULT 0
);
"""

_SELECT_WAITING: Final = "SELECT slip FROM slips WHERE slip IS NOT NULL ORDER BY rowid"

_UNCHANGED_ERRORS: Final = (
    *("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_READONLY"),
)
"""Errors after which SQLite has changed nothing: sqlite.org/rescode.html."""


class NotSpooledError(Exception):
    """The message was not spooled, and will not be."""


class ReplacedSpoolError(Exception):
    """A message that was spooled is gone: this is not the spool that it was."""


@dataclass(frozen=True, slots=True)
class FileBatch:
    """A file made of some messages; `left_out` gives reasons by message id.

    `path` is where the file is to be placed, or None if all messages were left out.
    """

    number: int
    path: Path | None
    left_out: Mapping[str, str]


class Spool:
    """Use it from one thread; `timeout` is the wait for a lock, in seconds."""

    def __init__(self, file: Path, timeout: float) -> None:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(file, timeout, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, message: PlatformMessage, now: datetime, deadline: float) -> None:
        """Store a message durably, unless its id is already stored.

        Raises `NotSpooledError` if it surely was not stored, for instance because
        `deadline`, an instant of `monotonic_now`, has passed. After any other error it
        may be stored.
        """
        try:
            with self._transaction():
                # We hold the lock: `spooled_at` waits until this transaction ends.
                if monotonic_now() > deadline:
                    raise NotSpooledError("not written in time")
                self._connection.execute(
                    "INSERT OR IGNORE INTO slips (id, at, slip) VALUES (?, ?, ?)",
                    (message.id, now.isoformat(), orjson.dumps(asdict(message))),
                )
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(_UNCHANGED_ERRORS):
                raise NotSpooledError(error.sqlite_errorname) from error
            raise

    def spooled_at(self, message_id: str, known: str | None = None) -> datetime | None:
        """Return when a message was stored; None if not stored or left out.

        `known` is the id of a message that was stored before. Waits for a writer.
        Raises `sqlite3.OperationalError` if that takes too long, since the writer may
        be storing this message, and `ReplacedSpoolError` if `known` is not stored.
        """
        wanted = "SELECT at FROM slips WHERE id = ? AND left_out IS NULL"
        with self._transaction():
            row = self._connection.execute(wanted, (message_id,)).fetchone()
            if known is not None and not self.left_out_reasons([known]):
                raise ReplacedSpoolError(f"message {known} was spooled and is gone")
        return datetime.fromisoformat(row[0]) if row else None

    def left_out_reasons(self, ids: Collection[str]) -> Mapping[str, str | None]:
        """Return the stored ones of these ids, each with the reason if left out."""
        wanted = (
            "SELECT id, left_out FROM slips "
            "WHERE id IN (SELECT value FROM json_each(?))"
        )
        listed = orjson.dumps(list(ids)).decode()
        return dict(self._connection.execute(wanted, (listed,)).fetchall())

    @property
    def waiting_count(self) -> int:
        """The number of messages that are in no file yet."""
        count = "SELECT count(*) FROM slips WHERE slip IS NOT NULL"
        return int(self._connection.execute(count).fetchone()[0])

    def make_batch(
        self, make: Callable[[int, Sequence[PlatformMessage]], FileBatch]
    ) -> None:
        """Write a file of all waiting messages, with `make`, to be placed afterwards.

        `make` gets the lowest number that its file may have, and the messages. Until
        this method has returned, the messages still wait and go into the next file.
        """
        with self._transaction():
            messages = [
                _load_message(blob)
                for (blob,) in self._connection.execute(_SELECT_WAITING)
            ]
            if not messages:
                return
            next_number = "SELECT coalesce(max(number), 0) + 1 FROM batches"
            batch = make(self._connection.execute(next_number).fetchone()[0], messages)
            if batch.path is not None:
                self._connection.execute(
                    "INSERT INTO batches (number, path) VALUES (?, ?)",
                    (batch.number, str(batch.path)),
                )
            self._connection.executemany(
                "UPDATE slips SET slip = NULL, batch = ?, left_out = ? WHERE id = ?",
                [
                    (batch.number, batch.left_out.get(one.id), one.id)
                    for one in messages
                ],
            )

    def checkpoint(self) -> None:
        """Empty SQLite's write-ahead log, which may still hold removed texts."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def unplaced_files(self) -> list[Path]:
        """Return the paths of complete files that may not be placed yet."""
        wanted = "SELECT path FROM batches WHERE NOT placed ORDER BY number"
        return [Path(path) for (path,) in self._connection.execute(wanted)]

    def mark_placed(self, path: Path) -> None:
        """Record that a file was placed."""
        self._connection.execute(
            "UPDATE batches SET placed = 1 WHERE path = ?", (str(path),)
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _load_message(blob: bytes) -> PlatformMessage:
    fields = orjson.loads(blob)
    return PlatformMessage(
        **fields | {"valid_until": datetime.fromisoformat(fields["valid_until"])}
    )
