"""The spool: what leaves in files, from the answer "accepted" to the file in place.

An SQLite file of its own beside the ledger: of one id there is one row, a torn write
leaves none, and one writer goes at a time, whatever is killed when. Phones and texts
stay in it only until their file is whole; afterwards it knows ids alone.
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
from service.flow.sending.post import monotonic_now

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
"""What SQLite says when it has changed nothing: sqlite.org/rescode.html."""


class NotSpooledError(Exception):
    """Nothing was written, and nothing will be."""


@dataclass(frozen=True, slots=True)
class FileBatch:
    """A file made of some slips: its number, where it belongs, who was left out.

    `path` is None where all were, each by its id with the reason.
    """

    number: int
    path: Path | None
    left_out: Mapping[str, str]


class Spool:
    """Used from one thread; `timeout` is how long to wait for others, in seconds."""

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
        """Keep a slip, on the disk when this returns; one that is there stays.

        Raises `NotSpooledError` where that cannot be, or not before an `elapsed()`:
        then nobody will find it later. Any other error leaves it open.
        """
        try:
            with self._transaction():
                # The lock is held: who looks for this slip waits until we are done.
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

    def spooled_at(self, message_id: str) -> datetime | None:
        """When a slip was added that was not left out; None: it is not here.

        Waits for a writer, and raises `sqlite3.OperationalError` where one takes too
        long: what it is about to write is then neither there nor not.
        """
        wanted = "SELECT at FROM slips WHERE id = ? AND left_out IS NULL"
        with self._transaction():
            row = self._connection.execute(wanted, (message_id,)).fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def left_out_reasons(self, ids: Collection[str]) -> Mapping[str, str | None]:
        """Those of some ids that are here, and why a slip was left out."""
        wanted = (
            "SELECT id, left_out FROM slips "
            "WHERE id IN (SELECT value FROM json_each(?))"
        )
        listed = orjson.dumps(list(ids)).decode()
        return dict(self._connection.execute(wanted, (listed,)).fetchall())

    @property
    def waiting_count(self) -> int:
        """How many slips no file has yet."""
        count = "SELECT count(*) FROM slips WHERE slip IS NOT NULL"
        return int(self._connection.execute(count).fetchone()[0])

    def make_batch(
        self, make: Callable[[int, Sequence[PlatformMessage]], FileBatch]
    ) -> None:
        """Make a file of all that waits, which is then to be placed.

        `make` gets the lowest number its file may have. A file counts only when this
        has returned: until then `make` is called again for its slips.
        """
        with self._transaction():
            slips = [
                _load_message(blob)
                for (blob,) in self._connection.execute(_SELECT_WAITING)
            ]
            if not slips:
                return
            next_number = "SELECT coalesce(max(number), 0) + 1 FROM batches"
            made = make(self._connection.execute(next_number).fetchone()[0], slips)
            if made.path is not None:
                self._connection.execute(
                    "INSERT INTO batches (number, path) VALUES (?, ?)",
                    (made.number, str(made.path)),
                )
            self._connection.executemany(
                "UPDATE slips SET slip = NULL, batch = ?, left_out = ? WHERE id = ?",
                [(made.number, made.left_out.get(one.id), one.id) for one in slips],
            )

    def checkpoint(self) -> None:
        """Leave nothing of what was taken out in SQLite's log either."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def unplaced_files(self) -> list[Path]:
        """Where files belong that are whole and perhaps not in place."""
        wanted = "SELECT path FROM batches WHERE NOT placed ORDER BY number"
        return [Path(path) for (path,) in self._connection.execute(wanted)]

    def mark_placed(self, path: Path) -> None:
        """Note that a file is in place."""
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
    told = orjson.loads(blob)
    return PlatformMessage(
        **told | {"valid_until": datetime.fromisoformat(told["valid_until"])}
    )
