"""Reports and the audit read a standby, and say until when it knows what happened."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.adapters.clock import SystemClock
from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import set_fact
from service.adapters.store.reports.counts import SqlCountStore
from service.app import build_installation
from service.domain.errors import StorageError
from service.flow.reports.audit import audit_ledger
from service.settings import Settings
from tests.deploy.test_backup import base_backup, migrate
from tests.postgres import Server

KEY = SecretStr("A" * 43 + "=")

PAUSE_STATE = "SELECT pg_get_wal_replay_pause_state()"


@pytest.fixture
def source(postgres: Server) -> Iterator[str]:
    """The name of a database of the primary."""
    postgres.create_database("primary")
    yield "primary"
    postgres.drop_database("primary")


async def test_a_report_is_as_of_what_the_standby_has_replayed(
    postgres: Server, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await migrate(postgres.url(source))
    primary = Database(postgres.url(source))
    stream = f"primary_conninfo = 'host={postgres.socket} user=tester'\n"
    with base_backup(postgres, "standby.signal", stream) as standby:
        settings = Settings(
            database_url=postgres.url(source),
            read_url=standby.url(source),
            key=KEY,
        )
        installation = await build_installation(settings, primary)
        store, clock = installation.count_store, installation.clock
        with standby.connect(source) as admin:
            admin.execute("SELECT pg_wal_replay_pause()")
            while admin.execute(PAUSE_STATE).fetchone() != ("paused",):  # noqa: ASYNC110 - a server, no event
                await asyncio.sleep(0.01)
            stopped_at = clock.now()
            async with primary.write() as connection:
                await set_fact(connection, "what the standby", "does not know")
            assert await store.known_until(clock.now()) <= stopped_at
            admin.execute("SELECT pg_wal_replay_resume()")
        found = await audit_ledger(
            installation.audit_store, installation.law_store, installation.vault
        )
        assert found == []
        with pytest.raises(StorageError, match="is read-only, as a standby is"):
            async with installation.replica.write() as connection:
                await set_fact(connection, "anything", "at all")
        await installation.replica.dispose()
    await primary.dispose()


async def test_a_standby_that_has_replayed_nothing_yet_is_not_as_of_now(
    postgres: Server, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was started again while the primary could not be reached."""
    monkeypatch.chdir(tmp_path)
    await migrate(postgres.url(source))
    with base_backup(postgres, "standby.signal", "") as standby:
        database = Database(standby.url(source))
        clock, store = SystemClock(), SqlCountStore(database)
        started_at = clock.now()
        await asyncio.sleep(0.01)
        assert await store.known_until(clock.now()) <= started_at
        await database.dispose()


async def test_on_a_primary_a_report_is_as_of_now(
    postgres: Server, source: str
) -> None:
    await migrate(postgres.url(source))
    database = Database(postgres.url(source))
    settings = Settings(database_url=postgres.url(source), key=KEY)
    installation = await build_installation(settings, database)
    now = installation.clock.now()
    assert await installation.count_store.known_until(now) == now
    await database.dispose()
