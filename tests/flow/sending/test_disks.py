"""Sending while the database's files are replaced, or their disk is full."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.domain.errors import DatabaseReplacedError, StorageError
from tests.flow.ledger import PREPARE, Ledger, permit

MINUTE = timedelta(minutes=1)


async def test_nobody_is_texted_from_a_file_that_was_replaced(ledger: Ledger) -> None:
    """A backup is put back under a running worker, which would text them all again."""
    backup = ledger.file.with_name("backup.db")
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.expand(PREPARE)
    await ledger.database.dispose()
    shutil.copy(ledger.file, backup)
    assert await ledger.send() == 2
    await ledger.register(permit("SC-0003"))
    backup.replace(ledger.file)
    for now in (PREPARE + MINUTE, PREPARE + 2 * MINUTE):
        with pytest.raises(DatabaseReplacedError):
            await ledger.send_at(now)
    assert len(ledger.provider.posted) == 2


async def test_nobody_is_texted_from_an_earlier_ledger_restored_into_the_same_file(
    ledger: Ledger,
) -> None:
    """By SQLite's own means, as `.restore` of its shell does."""
    leases = ledger.leases
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 5)))
    await ledger.expand(PREPARE)
    await leases.expire_leases(PREPARE)
    with closing(sqlite3.connect(":memory:")) as backup:
        with closing(sqlite3.connect(ledger.file)) as raw:
            raw.backup(backup)
        for _ in range(2):
            await leases.expire_leases(PREPARE)
        assert await ledger.send() == 4
        with closing(sqlite3.connect(ledger.file)) as raw:
            backup.backup(raw)
    assert ledger.states() == []
    with pytest.raises(DatabaseReplacedError, match="by an earlier ledger"):
        await leases.expire_leases(PREPARE)
    with pytest.raises(DatabaseReplacedError):
        await ledger.send()
    assert len(ledger.provider.posted) == 4


async def test_on_a_full_disk_nobody_is_texted_until_there_is_room(
    ledger: Ledger,
) -> None:
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 40)))
    await ledger.expand(PREPARE)
    await limit_pages(ledger, 0)
    for _ in range(2):
        with pytest.raises(StorageError, match="the disk is full"):
            await ledger.send()
    assert ledger.provider.posted == []
    await limit_pages(ledger, 1_000_000)
    assert await ledger.send() == 39
    assert await ledger.audit() == []


async def test_a_pass_that_was_rolled_back_is_no_sign_of_an_earlier_ledger(
    ledger: Ledger,
) -> None:
    leases = ledger.leases
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.claim(lease=-1.0)
    ledger.tamper(
        "CREATE TRIGGER no_room BEFORE DELETE ON messages "
        "BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )
    for _ in range(2):
        with pytest.raises(IntegrityError, match="no room"):
            await leases.expire_leases(PREPARE)
    ledger.tamper("DROP TRIGGER no_room")
    assert await leases.expire_leases(PREPARE) == 1
    assert await leases.expire_leases(PREPARE) == 0


async def limit_pages(ledger: Ledger, more: int) -> None:
    """Let SQLite find the disk full after some more pages."""
    async with ledger.database.write() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages + more}"))
