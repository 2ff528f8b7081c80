"""Commits that must survive a failover wait for a standby; others do not."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects import postgres_commit
from service.adapters.store.db.facts import get_fact, set_fact
from service.adapters.store.db.health import SqlHealth
from service.domain.errors import UnconfirmedCommitError
from tests.postgres import Server


@pytest.fixture
def waiting(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose synchronous standby never answers."""
    monkeypatch.setattr(postgres_commit, "LONGEST_CONFIRMATION", 0.2)
    postgres.create_database("confirmed")
    postgres.configure("synchronous_standby_names", "nobody")
    yield postgres
    postgres.configure("synchronous_standby_names", "")
    postgres.drop_database("confirmed")


@pytest.fixture
async def database(waiting: Server) -> AsyncIterator[Database]:
    opened = Database(waiting.url("confirmed"))
    async with opened.write() as connection:
        await connection.execute(
            text("CREATE TABLE facts (key text primary key, value text)")
        )
    yield opened
    await opened.dispose()


async def test_a_commit_that_no_standby_confirms_is_stored_and_an_error(
    database: Database,
) -> None:
    with pytest.raises(UnconfirmedCommitError, match="no synchronous standby"):
        async with database.write(confirmed=True) as connection:
            await set_fact(connection, "sum", "1")
    async with database.read() as connection:
        assert await get_fact(connection, "sum") == "1"
    assert database.problem is not None
    async with database.write() as connection:  # waits for nobody
        await set_fact(connection, "sum", "2")


async def test_a_wait_that_somebody_cancels_is_an_error_too(
    waiting: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_commit, "LONGEST_CONFIRMATION", 60.0)

    async def cancel() -> None:
        with waiting.connect("postgres") as admin:
            while not admin.execute(  # noqa: ASYNC110 - the server has no event for it
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
                "WHERE wait_event = 'SyncRep'"
            ).fetchall():
                await asyncio.sleep(0.01)

    async def write() -> None:
        async with database.write(confirmed=True) as connection:
            await set_fact(connection, "sum", "1")

    with pytest.raises(UnconfirmedCommitError, match="canceling wait"):
        await asyncio.gather(write(), cancel())
    async with database.read() as connection:
        assert await get_fact(connection, "sum") == "1"


async def test_health_says_so_until_a_standby_confirms_again(
    waiting: Server, database: Database
) -> None:
    with pytest.raises(UnconfirmedCommitError):
        async with database.write(confirmed=True) as connection:
            await set_fact(connection, "sum", "1")
    health = SqlHealth(database)
    wrong = await health.problems(of_sending=False)
    assert "no synchronous standby has confirmed it" in wrong["database"]
    assert database.problem is not None
    waiting.configure("synchronous_standby_names", "")
    async with database.write(confirmed=True) as connection:
        await set_fact(connection, "sum", "2")
    assert database.problem is None
