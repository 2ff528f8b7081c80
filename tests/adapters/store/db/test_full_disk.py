"""A disk without room: said in one line, and over as soon as there is room again."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from service.adapters.store.db.database import Database
from service.adapters.store.db.health import SqlHealth
from service.adapters.store.db.schema import facts
from service.domain.errors import StorageError

SMALL = 24 * 1024 * 1024
"""Bytes of the small volume."""


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    """A volume of its own, too small for what is stored on it."""
    folder = tmp_path / "volume"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder))
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("mount: no such program")
    if mounted.returncode:
        pytest.skip(f"mount: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(("umount", "-l", str(folder)), check=True)


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    file = shutil.copy(migrated, tmp_path / "ledger.db")
    opened = Database(f"sqlite:///{file}")
    yield opened
    await opened.dispose()


async def store(database: Database, key: str, length: int = 1) -> None:
    async with database.write() as connection:
        await connection.execute(insert(facts).values(key=key, value="x" * length))


async def limit_pages(database: Database, more: int) -> None:
    """Let SQLite find the disk full after some more pages."""
    async with database.write() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages + more}"))


async def test_a_full_disk_is_said_until_there_is_room_again(
    database: Database,
) -> None:
    health = SqlHealth(database)
    await limit_pages(database, 2)
    for at in range(3):
        with pytest.raises(StorageError, match=r"ledger\.db: the disk is full") as told:
            await store(database, f"much {at}", 100_000)
        assert "\n" not in str(told.value)
    assert await health.problems() == {}, "what is small still goes in"
    await store(database, "little")
    with pytest.raises(StorageError):
        await store(database, "much", 100_000)
    await limit_pages(database, 1_000_000)
    await store(database, "much", 100_000)
    assert database.problem is None


async def test_a_process_without_ticks_says_that_its_disk_is_full(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has nothing to write but requests, which come only while it is ready."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        with pytest.raises(StorageError):
            await store(database, "much")
        problems = await SqlHealth(database).problems(of_sending=False)
        assert "is read-only" in problems["database"]
    assert await SqlHealth(database).problems(of_sending=False) == {}


async def test_a_database_on_a_small_volume_goes_on_once_there_is_room(
    small_volume: Path,
) -> None:
    database = Database(f"sqlite:///{small_volume / 'ledger.db'}")
    await database.upgrade()
    stored = list[str]()

    async def fill() -> None:
        for at in range(1000):
            await store(database, f"{at}", 200_000)
            stored.append(f"{at}")

    (small_volume / "log").write_bytes(bytes(SMALL // 2))
    with pytest.raises(StorageError, match="the disk is full") as told:
        await fill()
    assert "\n" not in str(told.value)
    for again in range(3):
        with suppress(StorageError):
            await store(database, f"again {again}", 200_000)
    (small_volume / "log").unlink()
    for at in range(10):
        await store(database, f"after {at}", 200_000)
        stored.append(f"after {at}")
    async with database.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM facts"))
        assert found.scalar_one() >= len(stored)
        check = await connection.execute(text("PRAGMA integrity_check"))
        assert check.scalars().all() == ["ok"]
    await database.dispose()
    assert shutil.disk_usage(small_volume).total <= SMALL
