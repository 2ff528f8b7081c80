"""A ledger moved to PostgreSQL and back is the same ledger, row for row."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    delete,
)

from service.adapters.store.copy import stored_tables as stored_tables_module
from service.adapters.store.copy.copy_database import (
    copy_database,
    refuse_source_in_use,
)
from service.adapters.store.copy.progress import refuse_unfinished_copy
from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import set_fact
from service.adapters.store.db.schema import facts, metadata
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.delivery.outcome import RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from service.domain.errors import SetUpError
from tests.flow.ledger import LAST_CALL, PREPARE, Ledger, open_ledger, permit, word
from tests.flow.random_rows import fill_tables
from tests.postgres import Server

MARK = "a key"


def with_tables(url: str) -> None:
    async def migrate() -> None:
        database = Database(url)
        await database.upgrade()
        await database.dispose()

    asyncio.run(migrate())


@pytest.fixture(scope="module")
def tables(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases without rows: an SQLite file, and "template" of the server."""
    file = tmp_path_factory.mktemp("tables") / "ledger.db"
    with_tables(f"sqlite:///{file}")
    postgres.create_database("template")
    with_tables(postgres.url("template"))
    return file


@pytest.fixture
async def target(
    postgres: Server,
    tables: Path,  # noqa: ARG001 - what it is copied from
) -> AsyncIterator[Database]:
    """A database of a server."""
    postgres.create_database("target", "template")
    database = Database(postgres.url("target"))
    yield database
    await database.dispose()
    postgres.drop_database("target")


@pytest.fixture
async def source(tables: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Another SQLite database."""
    shutil.copy(tables, tmp_path / "source.db")
    database = Database(f"sqlite:///{tmp_path / 'source.db'}")
    yield database
    await database.dispose()


@pytest.fixture
async def back(tables: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An SQLite database."""
    shutil.copy(tables, tmp_path / "back.db")
    database = Database(f"sqlite:///{tmp_path / 'back.db'}")
    yield database
    await database.dispose()


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_tables_module, "PAGE", 7)


async def copy(source: Database, target: Database, pages: int | None = None) -> int:
    """Copy; break off after so many pages."""
    heard = 0

    def report(_what: str, _rows: int) -> None:
        nonlocal heard
        heard += 1
        if heard == pages:
            raise BrokenOffError

    return await copy_database(source, target, MARK, report)


class BrokenOffError(Exception):
    """The process is killed."""


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of an SQLite database, read by nothing of ours."""
    assert database.file
    with closing(sqlite3.connect(database.file)) as raw:
        return {
            name: sorted(raw.execute(f'SELECT * FROM "{name}"'), key=repr)  # noqa: S608 - our tables
            for name in metadata.tables
        }


async def live_through_much(ledger: Ledger) -> None:
    """Leave rows of many kinds behind, and pause."""
    await ledger.register(*(permit(f"SC-{number:04}") for number in range(1, 12)))
    await ledger.register(permit(phones=("+12125550190", "+12125550191")))
    await ledger.withdraw(permit("SC-0002"))
    await ledger.expand(PREPARE)
    ledger.provider.script = [
        Unknown("timeout"),
        Refused(RefusalKind.BAD_CONTENT, "21617", "HTTP 400"),
    ]
    assert await ledger.send() > 5
    sent = ledger.rows("SELECT * FROM messages WHERE provider_id IS NOT NULL")
    await ledger.receive(
        word(MessageState.DELIVERED, sent[0]["provider_id"]),
        word(MessageState.FAILED, sent[1]["provider_id"], code="30005"),
    )
    assert await ledger.hear("STOP")
    await ledger.brakes.pause("all", "tester", "moving", ledger.clock.now())


async def test_a_ledger_that_is_moved_and_moved_back_is_the_same_and_goes_on(
    ledger: Ledger, target: Database, back: Database, words: JinjaTemplateLibrary
) -> None:
    await live_through_much(ledger)
    before = contents(ledger.database)
    await refuse_source_in_use(ledger.database)
    assert await copy(ledger.database, target) == sum(map(len, before.values()))
    await refuse_source_in_use(target)
    await copy(target, back)
    assert contents(back) == contents(ledger.database) == before
    for database in (target, back):
        opened = on_database(ledger, database, words)
        assert await opened.audit() == []
        await opened.brakes.resume("all", "tester", PREPARE)
        assert await opened.send_at(LAST_CALL) > 5
        assert await opened.audit() == []
        await opened.database.dispose()


def on_database(
    ledger: Ledger, database: Database, words: JinjaTemplateLibrary
) -> Ledger:
    """The ledger in another database."""
    url = database.url.render_as_string(hide_password=False)
    opened = open_ledger(ledger.file, words, url=url)
    return replace(opened, provider=ledger.provider)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in (1, 2))]
)
async def test_whatever_the_columns_hold_comes_back_as_it_was(
    seed: int, source: Database, target: Database, back: Database
) -> None:
    await fill_tables(source, random.Random(seed))  # noqa: S311 - no secret
    before = contents(source)
    assert all(before.values()), "every table has rows"
    await copy(source, target)
    await copy(target, back)
    assert contents(back) == before


async def test_what_was_broken_off_goes_on_where_it_was(
    ledger: Ledger, target: Database, back: Database
) -> None:
    await live_through_much(ledger)
    for pages in (1, 2, 5, 11, 29):
        with pytest.raises(BrokenOffError):
            await copy(ledger.database, target, pages)
        with pytest.raises(SetUpError, match="copied in part only; run the same"):
            await refuse_unfinished_copy(target)
    await copy(ledger.database, target)
    await refuse_unfinished_copy(target)
    await copy(target, back)
    assert contents(back) == contents(ledger.database)


async def test_a_source_that_may_send_is_refused_and_how_to_stop_it_is_said(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    with pytest.raises(SetUpError, match="pause --reason moving` on it, stop every"):
        await refuse_source_in_use(ledger.database)
    await ledger.claim()
    await ledger.brakes.pause("all", "tester", "moving", PREPARE)
    with pytest.raises(SetUpError, match="messages under way: 1; stop every"):
        await refuse_source_in_use(ledger.database)


async def test_only_an_empty_target_or_its_own_part_is_copied_to(
    ledger: Ledger, target: Database
) -> None:
    async with target.write() as connection:
        await set_fact(connection, "anything", "at all")
    with pytest.raises(SetUpError, match="is not empty, it has rows in facts; create"):
        await copy(ledger.database, target)
    async with target.write() as connection:
        await connection.execute(delete(facts))
    with pytest.raises(BrokenOffError):
        await copy(ledger.database, target, 3)
    with pytest.raises(SetUpError, match="a part of another database"):
        await copy_database(ledger.database, target, "another key", lambda *_: None)


async def test_two_copies_at_once_do_not_mix(
    ledger: Ledger, target: Database, postgres: Server
) -> None:
    other = Database(postgres.url("target"))
    done = await asyncio.gather(
        copy(ledger.database, target),
        copy(ledger.database, other),
        return_exceptions=True,
    )
    await other.dispose()
    [refused] = [one for one in done if isinstance(one, Exception)]
    assert "another `db copy` writes to this database" in str(refused)
    await refuse_unfinished_copy(target)


async def test_a_source_that_changes_meanwhile_is_found_out(
    ledger: Ledger, target: Database
) -> None:
    await ledger.register(permit())
    with pytest.raises(BrokenOffError):
        await copy(ledger.database, target, 30)
    ledger.tamper("UPDATE authorities SET document = replace(document, 'e', 'E')")
    with pytest.raises(SetUpError, match=r"authorities: 2 rows in .* not the same"):
        await copy(ledger.database, target)
    with pytest.raises(SetUpError, match="copied in part only"):
        await refuse_unfinished_copy(target)


async def test_nothing_is_stored_in_the_source_after_it_was_compared(
    ledger: Ledger, target: Database
) -> None:
    """What came once its table had been read again would be lost without a word."""
    refused = set[str]()

    def write_now(what: str, _rows: int) -> None:
        if what.startswith("comparing"):
            with closing(sqlite3.connect(ledger.file, timeout=0)) as raw:
                try:
                    raw.execute("DELETE FROM authorities")
                    raw.commit()
                except sqlite3.OperationalError as error:
                    refused.add(str(error))

    await copy_database(ledger.database, target, MARK, write_now)
    assert refused == {"database is locked"}


async def test_a_value_that_the_target_does_not_take_is_named(
    ledger: Ledger, target: Database
) -> None:
    await ledger.register(permit())
    ledger.tamper("UPDATE permits SET shown_number = printf('%.*c', 65, '1')")
    with pytest.raises(SetUpError, match=r"permits: value too long .*\(64\); correct"):
        await copy(ledger.database, target)
    ledger.tamper("UPDATE permits SET shown_number = char(0)")
    with pytest.raises(SetUpError, match=r"permits: .*NUL .*correct this row"):
        await copy(ledger.database, target)
