import asyncio
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import QueuePool

from service.adapters.store.db import engine
from service.adapters.store.db.database import Database
from service.adapters.store.db.dialects.addresses import async_url
from service.adapters.store.db.migrate import alembic_config, newest_migration
from service.adapters.store.db.schema import facts, metadata, registers
from service.adapters.store.db.types import database_now, database_now_plus
from service.domain.errors import DatabaseBusyError, SetUpError
from tests.engines import CachingDialect

ROOT = Path(__file__).parents[4]
NOW = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
FULL = 2


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.dispose()


@pytest.fixture
async def database(empty: Database, migrated: Path) -> Database:
    assert empty.file is not None
    shutil.copy(migrated, empty.file)
    return empty


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Database]:
    """The same file, as another process opens it."""
    opened = Database(f"sqlite:///{database.file}")
    yield opened
    await opened.dispose()


async def count_of(database: Database) -> str:
    async with database.read() as connection:
        return str((await connection.execute(select(facts.c.value))).scalar())


async def test_what_is_committed_is_on_the_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CachingDialect, "waits_for_disk", True)
    shipped = Database(f"sqlite:///{database.file}")
    async with shipped.write() as connection:
        found = await connection.exec_driver_sql("PRAGMA synchronous")
        assert found.scalar_one() == FULL, "or a power cut takes back what was POSTed"
    await shipped.dispose()


async def test_concurrent_updates_of_what_was_read_lose_nothing(
    database: Database,
) -> None:
    async with database.write() as connection:
        await connection.execute(insert(facts).values(key="count", value="0"))

    async def increment() -> None:
        for _ in range(25):
            async with database.write() as connection:
                found = (await connection.execute(select(facts.c.value))).scalar_one()
                await asyncio.sleep(0)
                await connection.execute(update(facts).values(value=int(found) + 1))

    await asyncio.gather(*(increment() for _ in range(20)))
    assert await count_of(database) == "500"


async def test_who_waits_for_a_writer_that_finds_it_busy_waits_no_longer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    attempts = list[object]()
    writer = database._writer.sync_engine  # noqa: SLF001 - whom it asks

    @event.listens_for(writer, "checkout")
    def _hear(connection: object, *_: object) -> None:
        attempts.append(connection)

    assert database.file
    with closing(sqlite3.connect(database.file, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        writes = [write_count(database) for _ in range(5)]
        results = await asyncio.gather(*writes, return_exceptions=True)
        another.execute("ROLLBACK")
    assert [type(one) for one in results] == [DatabaseBusyError] * 5
    assert len(attempts) == 1
    await write_count(database)


async def test_who_waits_too_long_for_a_connection_is_to_come_again(
    database: Database,
) -> None:
    pool = database._reader.sync_engine.pool  # noqa: SLF001 - to wait less
    assert isinstance(pool, QueuePool)
    pool._timeout = 0.01  # noqa: SLF001 - it is only settable at the start

    async def read_and_hold() -> None:
        async with AsyncExitStack() as reads:
            while True:
                await reads.enter_async_context(database.read())

    with pytest.raises(DatabaseBusyError, match="more transactions are open"):
        await read_and_hold()
    assert await count_of(database) == "None"


async def test_a_reader_sees_the_past_while_a_writer_is_at_work(
    database: Database,
) -> None:
    async with database.write() as connection:
        await connection.execute(insert(facts).values(key="count", value="0"))
    async with database.write() as connection:
        await connection.execute(update(facts).values(value="1"))
        assert await asyncio.wait_for(count_of(database), 5) == "0"
    assert await count_of(database) == "1"


async def test_a_reader_keeps_one_view_while_others_write(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(facts).values(key="count", value="0"))
    async with database.read() as reader:
        before = (await reader.execute(select(facts.c.value))).scalar()
        async with database.write() as writer:
            await writer.execute(update(facts).values(value="1"))
        after = (await reader.execute(select(facts.c.value))).scalar()
    assert (before, after) == ("0", "0")


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        async with database.read() as connection:
            await connection.execute(insert(facts).values(key="x", value="x"))


async def test_an_error_rolls_the_whole_transaction_back(database: Database) -> None:
    class OursError(Exception):
        pass

    async def fail() -> None:
        async with database.write() as connection:
            await connection.execute(insert(facts).values(key="x", value="x"))
            raise OursError

    with pytest.raises(OursError):
        await fail()
    assert await count_of(database) == "None"


async def test_a_foreign_key_must_hold(database: Database) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        async with database.write() as connection:
            await connection.execute(
                text("INSERT INTO permit_recipients VALUES ('a', 0, 'b', NULL)")
            )


async def test_migrations_build_exactly_the_tables_of_the_schema(
    database: Database,
) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_tables_and_indexes_are_what_the_schema_says_word_by_word(
    database: Database, tmp_path: Path
) -> None:
    plain = Database(f"sqlite:///{tmp_path / 'plain.db'}")
    async with plain.write() as connection:
        await connection.run_sync(metadata.create_all)
    assert await columns_of(database) == await columns_of(plain)
    await plain.dispose()


async def columns_of(database: Database) -> dict[str, Any]:
    """Columns, foreign keys and indexes by table, as SQLite itself tells them.

    Without the numbers it gives them: the order of two keys means nothing.
    """
    told: dict[str, Any] = {}
    async with database.read() as connection:
        for table in metadata.tables:
            for pragma in ("table_info", "foreign_key_list"):
                rows = await connection.execute(text(f"PRAGMA {pragma}({table})"))
                told[f"{pragma} {table}"] = sorted(str(row[1:]) for row in rows)
        rows = await connection.execute(
            text(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''"
            )
        )
        told["indexes"] = {row.name: row.sql for row in rows}
    return told


async def test_upgrading_twice_changes_nothing(database: Database) -> None:
    await database.upgrade()
    await database.check()
    assert await database.current_migration() == newest_migration()


def test_the_newest_migration_is_the_head_that_alembic_finds() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert newest_migration() == scripts.get_current_head()


async def test_a_missing_database_is_named_with_what_to_do(empty: Database) -> None:
    with pytest.raises(SetUpError) as told:
        await empty.check()
    assert empty.file is not None
    assert not empty.file.exists(), "asking makes no file"
    assert str(told.value) == (
        f"{empty.file}: no such database; run `permit-reminders db upgrade`"
    )


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ("CREATE TABLE strange (x)", "nothing"),
        ("CREATE TABLE alembic_version AS SELECT '0000' AS version_num", "0000"),
    ],
)
async def test_an_empty_or_older_database_is_refused_in_one_line(
    empty: Database, made: str, found: str
) -> None:
    assert empty.file is not None
    with closing(sqlite3.connect(empty.file)) as raw:
        raw.executescript(made)
    with pytest.raises(SetUpError) as told:
        await empty.check()
    assert str(told.value) == (
        f"sqlite:///{empty.file}: tables at {found}, this release needs "
        f"{newest_migration()}; run `permit-reminders db upgrade`"
    )


async def test_a_file_without_tables_is_refused_in_one_line(empty: Database) -> None:
    assert empty.file is not None
    empty.file.touch()
    with pytest.raises(SetUpError, match="tables at nothing"):
        await empty.check()


async def test_a_file_that_is_no_database_is_refused_in_one_line(
    empty: Database,
) -> None:
    assert empty.file is not None
    empty.file.write_text("certainly not a database, but long enough to be read" * 99)
    for ask in (empty.check, empty.upgrade):
        with pytest.raises(SetUpError, match="file is not a database") as told:
            await ask()
        assert "\n" not in str(told.value)


async def test_a_missing_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'test.db'}")
    with pytest.raises(SetUpError, match="No such file or directory") as told:
        await database.upgrade()
    assert "\n" not in str(told.value)
    await database.dispose()


async def test_tables_of_a_later_release_are_refused_in_one_line(
    database: Database,
) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9'"))
    with pytest.raises(SetUpError, match="later release") as told:
        await database.upgrade()
    assert "\n" not in str(told.value)
    with pytest.raises(SetUpError, match="tables at 9"):
        await database.check()


@pytest.mark.parametrize(
    "instant",
    [
        NOW,
        NOW + timedelta(microseconds=1),
        NOW.astimezone(timezone(timedelta(hours=8))),
        datetime.max.replace(tzinfo=UTC),
        datetime(1900, 1, 1, tzinfo=UTC),
    ],
    ids=str,
)
async def test_an_instant_comes_back_as_the_same_one_in_utc(
    database: Database, instant: datetime
) -> None:
    async with database.write() as connection:
        await connection.execute(
            insert(registers).values(name="x", max_age_days=None, loaded_at=instant)
        )
        found = (await connection.execute(select(registers.c.loaded_at))).scalar_one()
        same = select(registers.c.name).where(registers.c.loaded_at == instant)
        assert (await connection.execute(same)).scalar() == "x"
    assert found == instant
    assert found.tzinfo is UTC


async def test_instants_are_compared_as_they_are_ordered(database: Database) -> None:
    instants = [NOW + timedelta(microseconds=at) for at in (0, 1, 10, 999_999)]
    async with database.write() as connection:
        for at, instant in enumerate(reversed(instants)):
            await connection.execute(
                insert(registers).values(name=str(at), loaded_at=instant)
            )
        ordered = select(registers.c.loaded_at).order_by(registers.c.loaded_at)
        assert list((await connection.execute(ordered)).scalars()) == instants


async def test_the_clock_of_the_database_is_real_and_aware(database: Database) -> None:
    async with database.read() as connection:
        clock, later = (
            await connection.execute(
                select(database_now(), database_now_plus(text("90.5")))
            )
        ).one()
    assert clock.tzinfo is UTC
    assert timedelta(seconds=90) < later - clock < timedelta(seconds=91)
    assert clock > datetime(2026, 1, 1, tzinfo=UTC), "not a simulated one"


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_a_url_gets_the_driver_this_service_uses(given: str, driver: str) -> None:
    assert async_url(given).drivername == driver


def test_a_url_of_another_kind_is_refused() -> None:
    with pytest.raises(SetUpError, match="found 'mysql', expected sqlite:///FILE"):
        async_url("mysql://u:p@h/d")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:open-sesame@db:http/permits",
        "postgresql://ann:open-sesame@[::1/permits",
        "postgresql://ann:open-@sesame@db/permits",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_in_a_line_without_it(
    url: str,
) -> None:
    with pytest.raises(SetUpError, match=r"cannot be read; expected .* %40") as refused:
        async_url(url)
    assert "sesame" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_process_ends_after_disposing(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from service.adapters.store.db.database import Database\n"
        "async def main():\n"
        "    database = Database('sqlite:///' + sys.argv[1])\n"
        "    await database.upgrade()\n"
        "    await database.check()\n"
        "    await database.dispose()\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path / "test.db")), cwd=ROOT
    )
    try:
        assert await asyncio.wait_for(child.wait(), 60) == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


MANY_ROWS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT i FROM n LIMIT 300000"
)


async def run_statement(connection: AsyncConnection, begun: asyncio.Event) -> None:
    begun.set()
    await connection.execute(MANY_ROWS)


async def fetch_rows(connection: AsyncConnection, begun: asyncio.Event) -> None:
    rows = await connection.stream(MANY_ROWS)
    assert await rows.fetchmany(2) == [(1,), (2,)]
    begun.set()
    await rows.fetchmany(200_000)


async def wait_between_rows(connection: AsyncConnection, begun: asyncio.Event) -> None:
    rows = await connection.stream(MANY_ROWS)
    assert await rows.fetchmany(2) == [(1,), (2,)]
    begun.set()
    await asyncio.Event().wait()


@pytest.mark.parametrize("work", [run_statement, fetch_rows, wait_between_rows])
async def test_a_cancelled_transaction_holds_no_lock(
    database: Database,
    other: Database,
    work: Callable[[AsyncConnection, asyncio.Event], Awaitable[None]],
) -> None:
    begun = asyncio.Event()

    async def transaction() -> None:
        async with database.write() as connection:
            await connection.execute(insert(facts).values(key="count", value="1"))
            await work(connection, begun)

    task = asyncio.create_task(transaction())
    await begun.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    await write_count(other)
    assert cancelled.value.__traceback__, "which refers to the cursor of the task"
    assert await count_of(database) == "2"


async def write_count(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(facts).values(key="count", value="2"))


async def test_a_process_killed_in_the_middle_of_a_transaction_holds_no_lock(
    database: Database,
) -> None:
    program = (
        "import asyncio, os, sys\n"
        "from sqlalchemy import text\n"
        "from service.adapters.store.db.database import Database\n"
        "async def main():\n"
        "    database = Database('sqlite:///' + sys.argv[1])\n"
        "    async with database.write() as connection:\n"
        "        await connection.execute(\n"
        "            text(\"INSERT INTO facts VALUES ('count', '1')\"))\n"
        "        os._exit(9)\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(database.file)), cwd=ROOT
    )
    assert await child.wait() == 9
    await write_count(database)
    assert await count_of(database) == "2"
