"""The files of a database that is in use: whether they are still those opened."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from service.adapters.store.db import file_watch
from service.adapters.store.db.database import Database
from service.adapters.store.db.file_watch import WAL_LIMIT
from service.adapters.store.db.schema import facts
from service.domain.errors import DatabaseReplacedError, StorageError

ROOT = Path(__file__).parents[4]


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    """A database in use: it was read and written."""
    opened = Database(f"sqlite:///{shutil.copy(migrated, tmp_path)}")
    await store(opened, "before")
    await count(opened)
    yield opened
    await opened.dispose()


async def store(database: Database, key: str, value: str = "1") -> None:
    async with database.write() as connection:
        await connection.execute(insert(facts).values(key=key, value=value))


async def count(database: Database) -> int:
    async with database.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM facts"))
        return int(found.scalar_one())


def wal(file: Path) -> Path:
    return Path(f"{file}-wal")


def shm(file: Path) -> Path:
    return Path(f"{file}-shm")


def rename_away(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def replace_by_a_copy(file: Path) -> None:
    copy = file.with_name("copy.db")
    shutil.copy(file, copy)
    copy.replace(file)


def restore_over_it(file: Path) -> None:
    """As `cp backup.db ledger.db` does: the same inode, another content."""
    backup = file.with_name("backup.db")
    with closing(sqlite3.connect(backup)) as raw:
        raw.execute("CREATE TABLE facts (key, value)")
    with file.open("wb") as opened:
        opened.write(backup.read_bytes())


def remove_the_folder(file: Path) -> None:
    file.parent.rename(file.parent.with_name("unmounted"))


REPLACED: dict[str, tuple[Callable[[Path], None], str]] = {
    "removed": (Path.unlink, "removed or replaced"),
    "renamed away": (rename_away, "removed or replaced"),
    "replaced by a copy": (replace_by_a_copy, "removed or replaced"),
    "a backup copied over it": (restore_over_it, "overwritten or shortened"),
    "its folder gone": (remove_the_folder, "removed or replaced"),
    "WAL removed": (lambda file: wal(file).unlink(), "removed or replaced"),
    "WAL cut": (lambda file: os.truncate(wal(file), 4096), "shortened"),
    "index removed": (lambda file: shm(file).unlink(), "removed or replaced"),
}


@pytest.mark.parametrize("how", REPLACED)
async def test_a_file_that_was_replaced_is_noticed_before_the_next_write(
    database: Database, how: str
) -> None:
    replace, what = REPLACED[how]
    assert database.file is not None
    await store(database, "while it was ours")
    replace(database.file)
    with pytest.raises(DatabaseReplacedError, match=what) as told:
        await store(database, "after")
    assert "\n" not in str(told.value)
    assert str(told.value).startswith(str(database.file))


async def test_a_wal_that_was_emptied_is_noticed_before_anything_follows_a_write(
    database: Database,
) -> None:
    """Another process may empty it rightly, so only the next write shows it."""
    assert database.file is not None
    os.truncate(wal(database.file), 0)
    with pytest.raises(DatabaseReplacedError, match="emptied"):
        await store(database, "after")


async def test_what_is_committed_into_a_file_that_has_gone_is_an_error(
    database: Database,
) -> None:
    async def store_while_it_goes(file: Path) -> None:
        async with database.write() as connection:
            await connection.execute(insert(facts).values(key="after", value="1"))
            rename_away(file)

    assert database.file is not None
    with pytest.raises(DatabaseReplacedError):
        await store_while_it_goes(database.file)


async def test_a_replaced_file_is_never_written_again_though_it_comes_back(
    database: Database,
) -> None:
    assert database.file is not None
    away = database.file.rename(database.file.with_name("away.db"))
    with pytest.raises(DatabaseReplacedError):
        await store(database, "after")
    away.rename(database.file)
    with pytest.raises(DatabaseReplacedError):
        await store(database, "after")
    with pytest.raises(DatabaseReplacedError):
        await count(database)
    again = Database(f"sqlite:///{database.file}")
    await store(again, "after a restart")
    await again.dispose()


async def test_no_empty_file_is_made_in_place_of_one_that_was_removed(
    database: Database,
) -> None:
    assert database.file is not None
    database.file.unlink()
    for _ in range(3):
        with pytest.raises(DatabaseReplacedError):
            await count(database)
    assert not database.file.exists()


async def test_checkpoints_of_every_kind_are_no_alarm(database: Database) -> None:
    assert database.file is not None
    with closing(sqlite3.connect(database.file)) as other:
        for at, kind in enumerate(("PASSIVE", "FULL", "RESTART", "TRUNCATE") * 3):
            await store(database, f"before {at}", "x" * 100_000)
            other.execute(f"PRAGMA wal_checkpoint({kind})")
            await store(database, f"after {at}")
    assert await count(database) == 1 + 2 * 12


async def test_a_wal_that_begins_again_at_its_limit_is_no_alarm(
    database: Database,
) -> None:
    assert database.file is not None
    for at in range(2):
        await store(database, f"much {at}", "x" * (WAL_LIMIT + 1_000_000))
        await store(database, f"little {at}")
        await store(database, f"more {at}")
        assert wal(database.file).stat().st_size <= WAL_LIMIT


async def test_all_connections_closed_and_opened_again_are_no_alarm(
    database: Database,
) -> None:
    assert database.file is not None
    for at in range(3):
        await database.dispose()
        assert not wal(database.file).exists()
        await store(database, f"again {at}")
        assert await count(database) == 2 + at


OPENS_AND_CLOSES = """
import asyncio, sys
from service.adapters.store.db import file_watch
from service.adapters.store.db.database import Database
async def main():
    for turn in range(15):
        database = Database("sqlite:///" + sys.argv[1])
        for at in range(3):
            async with database.write() as connection:
                await connection.exec_driver_sql(
                    "INSERT INTO facts VALUES (?, ?)",
                    (f"{sys.argv[2]} {turn} {at}", "x" * 300_000))
            async with database.read() as connection:
                await connection.exec_driver_sql("SELECT count(*) FROM facts")
        await database.dispose()
asyncio.run(main())
"""


async def test_processes_that_open_and_close_one_file_are_no_alarm(
    database: Database,
) -> None:
    """The last to close removes the WAL, the next makes one, checkpoints go on."""
    assert database.file is not None
    await database.dispose()
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", OPENS_AND_CLOSES, str(database.file), name),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        for name in "abc"
    ]
    for process in processes:
        _, said = await process.communicate()
        assert (process.returncode, said) == (0, b"")
    assert await count(database) == 1 + 3 * 15 * 3


async def test_a_process_started_after_a_power_cut_writes_over_a_torn_wal(
    database: Database,
) -> None:
    """The WAL's first bytes may not have reached the disk: SQLite begins it again."""
    assert database.file is not None
    await database.dispose()
    wal(database.file).write_bytes(bytes(50_000))
    await store(database, "after")
    await store(database, "and after")
    assert await count(database) == 3


async def test_a_file_that_turns_read_only_is_said_until_it_is_writable_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would go on writing: it opened the file while that was allowed.

    The system's answer is replaced, because root may write to any file.
    """
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        with pytest.raises(StorageError, match="is read-only"):
            await store(database, "meanwhile")
        assert await count(database) == 1
        assert str(database.problem).startswith(str(database.file))
    await store(database, "after")
    assert database.problem is None


async def test_a_reader_that_keeps_the_wal_from_beginning_again_is_said_once(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(file_watch, "WAL_WARNING", 12_000_000)
    assert database.file is not None
    for at in range(14):
        await store(database, f"alone {at}", "x" * 1_500_000)
    assert caplog.records == [], "much was written, but nothing stood in the way"
    with closing(sqlite3.connect(database.file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM facts").fetchall()
        for at in range(14):
            await store(database, f"beside a reader {at}", "x" * 1_500_000)
    [warning] = caplog.records
    assert "a program has been reading the database for long" in warning.getMessage()
