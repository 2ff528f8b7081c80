import json
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects.sqlite import dialect as sqlite

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import JsonQuery, json_rows_like
from service.adapters.store.db.schema import message_reminders, recipients

ID = "01936d3e-7b5c-7000-8000-00000000000a"
KEYS = json_rows_like(message_reminders, ("permit_id", "expires_on", "position"))


def rows(*given: Sequence[object]) -> object:
    return json.loads(KEYS.bind(sqlite(), given)["rows"])


def test_values_are_written_as_their_columns_store_them() -> None:
    assert rows((ID, date(2024, 12, 31), 0), (None, None, 1)) == [
        [ID.replace("-", ""), "2024-12-31", 0],
        [None, None, 1],
    ]


def test_no_rows_are_an_empty_list() -> None:
    assert rows() == []


@pytest.mark.parametrize(
    "given",
    [
        [(ID, date(2024, 12, 31))],
        [(ID, date(2024, 12, 31), 0, 0)],
        [(ID, date(2024, 12, 31), 0), (ID, date(2024, 12, 31))],
    ],
    ids=["a value is missing", "one too many", "uneven"],
)
def test_a_row_that_does_not_fit_is_refused(given: list[Sequence[object]]) -> None:
    with pytest.raises(ValueError, match="zip"):
        rows(*given)


NOW = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
ALL = select(recipients).where(recipients.c.line == bindparam("line"))


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    file = shutil.copy(migrated, tmp_path / "test.db")
    database = Database(f"sqlite:///{file}")
    yield database
    await database.dispose()


async def test_a_json_query_returns_the_rows_that_the_plain_query_returns(
    database: Database,
) -> None:
    """Ids, bytes, texts, instants, and what is not known."""
    digests = [bytes([at]) * 32 for at in range(3)]
    known = [
        {"digest": one, "phone": one[:9], "masked": "名 ''\"", "line": "mobile"}
        for one in digests
    ]
    ids = [ID[:-1] + str(at) for at in range(3)]
    optional = [(NOW, None), (None, NOW), (None, None)]
    given = [
        {"id": one, "opted_out_at": out, "unreachable_at": lost} | row
        for one, (out, lost), row in zip(ids, optional, known, strict=True)
    ]
    async with database.write() as connection:
        await connection.execute(insert(recipients), given)
    async with database.read() as connection:
        plain = (await connection.execute(ALL, {"line": "mobile"})).mappings().all()
        found = await JsonQuery(ALL).rows(connection, {"line": "mobile"})
    assert len(found) == len(given)
    assert [one._asdict() for one in found] == [dict(one) for one in plain]


async def test_a_json_query_can_return_no_rows(database: Database) -> None:
    async with database.read() as connection:
        assert await JsonQuery(ALL).rows(connection, {"line": "mobile"}) == []
