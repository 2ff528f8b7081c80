"""Figures of the server, as a role without any right of its own reads them."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.postgres_figures import (
    HOT_TABLES,
    read_server_figures,
)
from service.adapters.store.db.schema import metadata
from service.flow.reports.metrics import ServerFigures, TableRows
from tests.postgres import Server


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    """A database in which a role without further rights may make tables."""
    postgres.create_database("figures")
    with postgres.connect("figures") as admin:
        admin.execute("CREATE ROLE plain LOGIN")
        admin.execute("GRANT ALL ON SCHEMA public TO plain")
    yield postgres.url("figures").replace("tester@", "plain@")
    postgres.drop_database("figures")
    with postgres.connect("postgres") as admin:
        admin.execute("DROP ROLE plain")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.dispose()


async def figures(database: Database) -> ServerFigures:
    async with database.read() as connection:
        return await read_server_figures(connection)


async def test_dead_rows_are_counted_until_a_vacuum(
    database: Database, url: str
) -> None:
    with psycopg.connect(url, autocommit=True) as own:
        own.execute("CREATE TABLE reminders AS SELECT g FROM generate_series(1, 9) g")
        own.execute("UPDATE reminders SET g = 0 WHERE g < 4")
        own.execute("SELECT pg_stat_force_next_flush()")
        assert (await figures(database)).tables == {"reminders": TableRows(9, 3)}
        own.execute("VACUUM reminders")
        assert (await figures(database)).tables == {"reminders": TableRows(9, 0)}


@pytest.mark.parametrize("role", ["plain", "tester"])
async def test_an_open_snapshot_ages_whoever_holds_it(
    role: str, database: Database, url: str
) -> None:
    with psycopg.connect(url.replace("plain@", f"{role}@")) as holder:
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT 1")
        before = await figures(database)
        with psycopg.connect(url, autocommit=True) as own:
            for _ in range(20):
                own.execute("SELECT txid_current()")
        after = await figures(database)
    grown = after.oldest_snapshot_transactions - before.oldest_snapshot_transactions
    assert grown >= 20
    assert (after.oldest_snapshot_seconds > 0) is (role == "plain")
    released = await figures(database)
    assert released.oldest_snapshot_transactions < grown
    assert released.oldest_snapshot_seconds == released.standbys == 0


def test_every_hot_table_exists() -> None:
    assert set(HOT_TABLES) <= metadata.tables.keys()
