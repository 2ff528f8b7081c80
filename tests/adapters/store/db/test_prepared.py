"""What is prepared says what `execute` says."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from service.adapters.store.db.database import Database
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import recipients

ID = "01936d3e-7b5c-7000-8000-00000000000a"
NOW = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
IS_WANTED = recipients.c.line == bindparam("line")
ALL = select(recipients).where(IS_WANTED, recipients.c.opted_out_at.in_([NOW, LATER]))


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    file = shutil.copy(migrated, tmp_path / "test.db")
    database = Database(f"sqlite:///{file}")
    async with database.write() as connection:
        await connection.execute(
            insert(recipients).values(
                id=ID,
                digest=b"\x01" * 32,
                phone=b"\x00\xff",
                masked="•••1234",
                line="mobile",
                opted_out_at=NOW,
            )
        )
    yield database
    await database.dispose()


@pytest.mark.parametrize("line", ["mobile", "fixed", None])
async def test_it_returns_the_rows_that_the_plain_statement_returns(
    database: Database, line: str | None
) -> None:
    async with database.read() as connection:
        expected = (await connection.execute(ALL, {"line": line})).all()
        prepared = await Prepared(ALL).run(connection, {"line": line})
    assert [one._asdict() for one in prepared] == [one._asdict() for one in expected]


async def test_a_change_is_part_of_the_transaction(database: Database) -> None:
    change = (
        update(recipients)
        .where(recipients.c.id == bindparam("of", type_=recipients.c.id.type))
        .values(opted_out_at=LATER)
    )
    changed = Prepared(change.returning(recipients.c.id, recipients.c.opted_out_at))
    async with database.dry_run() as connection:
        assert await changed.run(connection, {"of": ID}) == [(ID, LATER)]
        assert await Prepared(change).run(connection, {"of": ID}) == []
    async with database.read() as connection:
        opted_out_at = select(recipients.c.opted_out_at)
        assert (await connection.execute(opted_out_at)).scalars().all() == [NOW]


async def test_an_error_of_the_database_is_raised_as_by_any_statement(
    database: Database,
) -> None:
    change = Prepared(update(recipients).values(line="fixed"))
    async with database.read() as connection:
        with pytest.raises(OperationalError, match="readonly"):
            await change.run(connection, {})


async def test_a_constraint_is_an_error_of_its_own_kind(database: Database) -> None:
    change = Prepared(update(recipients).values(digest=None))
    async with database.dry_run() as connection:
        with pytest.raises(IntegrityError, match=r"NOT NULL.*recipients\.digest"):
            await change.run(connection, {})


async def test_a_parameter_that_is_not_given_is_no_null(database: Database) -> None:
    async with database.read() as connection:
        with pytest.raises(KeyError, match="line"):
            await Prepared(ALL).run(connection, {})
