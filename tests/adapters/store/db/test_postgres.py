"""What differs on PostgreSQL: transactions, JSON, instants, refusals."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, insert, select, text, update

from service.adapters.check_provider import check_provider
from service.adapters.choose_provider import open_provider
from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects import postgres_engine, postgres_set_up
from service.adapters.store.db.facts import get_fact, set_fact
from service.adapters.store.db.insert_rows import insert_rows
from service.adapters.store.db.json_rows import JsonQuery, JsonValues, json_rows_like
from service.adapters.store.db.schema import actions, metadata, recipients
from service.adapters.store.db.schema import registers as registers_table
from service.adapters.store.db.types import database_now, database_now_plus
from service.domain.errors import DatabaseBusyError, SetUpError, StorageError
from service.settings import Settings
from tests.postgres import Server

NOW = datetime(2024, 9, 19, 1, 30, 0, 5, tzinfo=UTC)
ID = "01936d3e-7b5c-7000-8000-00000000000a"


@pytest.fixture(scope="module")
def template(postgres: Server) -> str:
    """A database with its tables, made once."""
    postgres.create_database("tables")

    async def migrate() -> None:
        opened = Database(postgres.url("tables"))
        await opened.upgrade()
        await opened.dispose()

    asyncio.run(migrate())
    return "tables"


@pytest.fixture
def name(postgres: Server, template: str) -> Iterator[str]:
    """The name of a database with its tables."""
    postgres.create_database("copy", template)
    yield "copy"
    postgres.drop_database("copy")


@pytest.fixture
async def database(postgres: Server, name: str) -> AsyncIterator[Database]:
    opened = Database(postgres.url(name))
    yield opened
    await opened.dispose()


@pytest.fixture
async def other(postgres: Server, name: str) -> AsyncIterator[Database]:
    """The same database, as another process opens it."""
    opened = Database(postgres.url(name))
    yield opened
    await opened.dispose()


async def test_migrations_build_the_tables_of_the_schema(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return [
            one
            for one in compare_metadata(context, metadata)
            if "comment" not in str(one[0])
        ]

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    await database.upgrade()
    await database.check()


async def test_writers_of_two_processes_that_add_to_what_they_read_lose_nothing(
    database: Database, other: Database
) -> None:
    async def add(its: Database) -> None:
        async with its.write() as connection:
            found = int(await get_fact(connection, "sum") or 0)
            await set_fact(connection, "sum", str(found + 1))

    await asyncio.gather(*(add(its) for its in [database, other] * 10))
    async with database.read() as connection:
        assert await get_fact(connection, "sum") == "20"


async def test_a_reader_keeps_one_view_and_never_writes(
    database: Database, other: Database
) -> None:
    async with database.read() as connection:
        assert await get_fact(connection, "sum") is None
        async with other.write() as writer:
            await set_fact(writer, "sum", "1")
        assert await get_fact(connection, "sum") is None
    with pytest.raises(StorageError, match="is read-only"):
        async with database.read() as connection:
            await set_fact(connection, "sum", "2")


async def test_a_server_that_is_read_only_is_not_written_to(
    postgres: Server, name: str, database: Database
) -> None:
    with postgres.connect(name) as admin:
        admin.execute("ALTER DATABASE copy SET default_transaction_read_only = on")
    with pytest.raises(StorageError, match="is read-only, as a standby is"):
        async with database.write() as connection:
            await set_fact(connection, "sum", "1")


async def test_a_server_that_cancels_statements_is_not_called_unreachable(
    database: Database,
) -> None:
    async def take_too_long() -> None:
        async with database.read() as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 1"))
            await connection.execute(text("SELECT pg_sleep(60)"))

    with pytest.raises(StorageError, match="raise statement_timeout"):
        await take_too_long()


async def test_a_writer_waits_no_longer_than_it_may(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = postgres_engine.BEGIN_WRITING.replace("'30s'", "'10ms'")
    monkeypatch.setattr(postgres_engine, "BEGIN_WRITING", short)
    async with database.write():
        with pytest.raises(DatabaseBusyError, match="another process holds"):
            async with other.write():
                pass


async def test_a_killed_session_rolls_back_and_the_next_transaction_goes_on(
    postgres: Server, name: str, database: Database
) -> None:
    async def write_and_be_killed() -> None:
        async with database.write() as connection:
            await set_fact(connection, "sum", "1")
            with postgres.connect(name) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            await set_fact(connection, "sum", "2")

    with pytest.raises(StorageError, match="cannot be reached"):
        await write_and_be_killed()
    async with database.write() as connection:
        assert await get_fact(connection, "sum") is None


async def test_instants_and_the_clock_are_aware_and_in_utc(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("SET LOCAL TIME ZONE 'Asia/Shanghai'"))
        row = {"name": "x", "max_age_days": None, "loaded_at": NOW}
        await insert_rows(connection, insert(registers_table), [row])
        stored = select(registers_table.c.loaded_at).where(
            registers_table.c.loaded_at == NOW
        )
        found = (await connection.execute(stored)).scalar_one()
        clock, later = (
            await connection.execute(
                select(database_now(), database_now_plus(text("90.5")))
            )
        ).one()
    assert (found, found.tzinfo) == (NOW, UTC)
    assert later - clock == timedelta(seconds=90.5)
    assert clock.tzinfo is UTC


async def test_rows_go_in_and_come_back_as_json(database: Database) -> None:
    columns = ("id", "digest", "phone", "masked", "line", "opted_out_at")
    rows = json_rows_like(recipients, columns)
    given = (ID, b"\0\1", b"\xff", "+1***0101", "mobile", NOW)
    wanted = JsonValues(recipients.c.digest, "digests")
    found = JsonQuery(
        select(*(recipients.c[one] for one in columns)).where(
            recipients.c.digest.in_(wanted.values)
        )
    )
    async with database.write() as connection:
        dialect = connection.dialect
        into = insert(recipients).from_select(rows.column_names, select(rows.table))
        await connection.execute(into, rows.bind(dialect, [given]))
        newest = await connection.scalar(select(func.max(recipients.c.id)))
        assert newest == ID
        bound = wanted.bind(dialect, [b"\0\1", b"other"])
        assert await found.rows(connection, bound) == [given]
        moved = json_rows_like(recipients, ("id", "opted_out_at"))
        change = (
            update(recipients)
            .where(recipients.c.id == moved["id"])
            .values(opted_out_at=moved["opted_out_at"])
        )
        await connection.execute(change, moved.bind(dialect, [(ID, None)]))
        assert await found.rows(connection, bound) == [(*given[:-1], None)]


async def test_json_in_a_column_comes_back_as_it_was(database: Database) -> None:
    rows = json_rows_like(actions, ("at", "by", "what", "detail"))
    detail = {"why": "a 'test' of %s", "steps": ["one", None, 2]}
    async with database.write() as connection:
        into = insert(actions).from_select(rows.column_names, select(rows.table))
        given = [(NOW, "me", "test", detail)]
        await connection.execute(into, rows.bind(connection.dialect, given))
        found = await JsonQuery(select(actions.c.at, actions.c.detail)).rows(
            connection, {}
        )
    assert found == [(NOW, detail)]


async def test_a_database_of_another_program_is_refused(
    postgres: Server, name: str
) -> None:
    with postgres.connect(name) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("CREATE TABLE invoices (id int)")
    database = Database(postgres.url(name))
    for use in (database.check, database.upgrade):
        with pytest.raises(SetUpError, match="another program: it has the table inv"):
            await use()
    await database.dispose()


async def test_tables_of_a_later_release_are_refused(
    postgres: Server, name: str, database: Database
) -> None:
    with postgres.connect(name) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SetUpError, match="from a later release"):
        await database.check()
    with pytest.raises(SetUpError, match="from a later release"):
        await database.upgrade()


async def test_a_server_that_is_too_old_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_set_up, "OLDEST_SERVER", 99)
    with pytest.raises(SetUpError, match="this release needs 99 or later"):
        await database.check()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"database": "nowhere"}, "no such database; create it"),
        ({"query": {"host": "/nowhere"}}, "cannot be reached; start it"),
        ({"username": "nobody-known"}, "refuses this user or password"),
    ],
)
async def test_a_server_that_does_not_let_us_in_is_named_with_what_to_do(
    changed: dict[str, Any], said: str, postgres: Server, template: str
) -> None:
    database = Database(postgres.url(template))
    database = Database(
        database.url.set(**changed).render_as_string(hide_password=False)
    )
    for use in (database.check, database.upgrade):
        with pytest.raises(SetUpError, match=said):
            await use()
    await database.dispose()


async def test_a_user_without_rights_is_told_what_to_grant(
    postgres: Server, name: str
) -> None:
    with postgres.connect(name) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
    url = postgres.url(name).replace("tester@", "reader@")
    database = Database(url)
    with pytest.raises(SetUpError, match="lacks a right; make it the owner"):
        await database.check()
    await database.dispose()


async def test_a_server_without_a_connection_left_is_not_called_unreachable(
    postgres: Server, name: str
) -> None:
    with postgres.connect(name) as connection:
        connection.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    database = Database(postgres.url(name).replace("tester@", "crowded@"))
    with pytest.raises(SetUpError, match="has no connection left; raise max_conn"):
        await database.check()
    await database.dispose()


def test_without_its_driver_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_engine, "find_spec", lambda _: None)
    with pytest.raises(SetUpError, match=r"pip install 'permit-reminders\[postgres\]'"):
        Database("postgresql://h/d")


async def test_an_sms_platform_does_not_send_from_postgresql() -> None:
    database = Database("postgresql://h/d")
    settings = Settings(
        database_url="postgresql://h/d", provider="outbox", outbox=Path("platform.toml")
    )
    with pytest.raises(SetUpError, match="a file of one machine"):
        await open_provider(settings, database).__aenter__()
    found = await check_provider(settings)  # for doctor, before anything is sent
    assert found.problem is not None
    assert "a file of one machine" in found.problem[0]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:open-sesame@db/permits",
        "postgresql://ann:open/sesame@db/permits",
        "postgresql://ann@db/permits?password=open-sesame&sslmode=require",
        "postgresql:///permits?host=/run&sslpassword=open-sesame",
    ],
)
def test_no_password_of_the_address_is_shown(url: str) -> None:
    for shown in (Database(url).shown_url, Settings(database_url=url).shown_database):
        assert "permits" in shown
        assert "sesame" not in shown
