"""A real primary and its standby: what each shows, before and after a promotion."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.ledger_server import load_standing
from service.adapters.store.db.facts import set_fact
from service.adapters.store.db.health import SqlHealth
from service.adapters.store.failover.servers import SqlFailoverStore
from service.domain.errors import StorageError
from service.domain.failover.ledger_server import Standing
from tests.chaos.failover.cluster import DATABASE, Cluster, run_cluster
from tests.postgres import Server

NOW = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)


@pytest.fixture
def cluster(postgres: Server) -> Iterator[Cluster]:  # noqa: ARG001 - one can be started
    """Two servers, where one can be started."""
    with run_cluster() as running:
        yield running


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    """The database as a worker opens it, whose address names both servers."""
    opened = Database(cluster.url)
    await opened.upgrade()
    yield opened
    await opened.dispose()


async def _standing(database: Database) -> Standing:
    async with database.read() as connection:
        return await load_standing(connection)


async def test_a_promotion_is_noticed_and_puts_the_ledger_in_doubt(
    cluster: Cluster, database: Database
) -> None:
    store = SqlFailoverStore(database, 3600.0)
    first = await store.check_server(NOW)
    assert not first.is_in_doubt
    assert "/00000001/" in (first.present or "")
    await _wait_until_followed(cluster)
    cluster.fail_over()
    found = await _after_promotion(database)
    assert "/00000002/" in (found.present or "")
    assert found.is_in_doubt
    wrong = await SqlHealth(database).problems()
    assert "see that the server before is stopped" in wrong["failover"]
    assert (await store.check_server(NOW)).is_in_doubt
    async with database.write(confirmed=True) as connection:
        await set_fact(connection, "sum", "1")


async def _wait_until_followed(cluster: Cluster) -> None:
    while not cluster.primary.is_followed():  # noqa: ASYNC110 - another program's event
        await asyncio.sleep(0.01)


async def _after_promotion(database: Database) -> Standing:
    """The standing, at the second try: the first finds that its connection is gone."""
    try:
        return await _standing(database)
    except StorageError:
        return await _standing(database)


async def test_a_standby_reached_by_mistake_is_read_and_sends_nothing(
    cluster: Cluster, database: Database
) -> None:
    await SqlFailoverStore(database, 3600.0).check_server(NOW)
    await _wait_until_followed(cluster)
    by_mistake = Database(cluster.standby.server.url(DATABASE))
    assert (await _standing(by_mistake)).is_in_doubt
    found = await SqlFailoverStore(by_mistake, 3600.0).check_server(NOW)
    assert found.present is None
    with pytest.raises(StorageError, match="is read-only, as a standby is"):
        async with by_mistake.write() as connection:
            await set_fact(connection, "sum", "1")
    wrong = await SqlHealth(by_mistake).problems()
    assert "is read-only, as a standby is" in wrong["database"]
    cluster.fail_over()
    assert await SqlHealth(by_mistake).problems(of_sending=False) == {}
    await by_mistake.dispose()


async def test_a_restart_is_said_and_waited_out(
    cluster: Cluster, database: Database
) -> None:
    store = SqlFailoverStore(database, 3600.0)
    await store.check_server(NOW)
    cluster.primary.crash()
    with pytest.raises(StorageError, match="sending goes on by itself"):
        async with database.write() as connection:
            await set_fact(connection, "sum", "1")
    wrong = await SqlHealth(database).problems()
    assert "cannot be reached" in wrong["database"]
    cluster.primary.start()
    assert await SqlHealth(database).problems() == {}
    assert not (await store.check_server(NOW)).is_in_doubt
