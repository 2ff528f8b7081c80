import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.law_change.edits import AuthoritiesEdit, RulesEdit
from service.settings import shipped_folder
from tests.databases import copy_database, drop_database
from tests.flow.ledger import FOOD, OPERATOR, RULES, START, Ledger, open_ledger
from tests.flow.once import Once


@pytest.fixture(scope="session")
def words() -> JinjaTemplateLibrary:
    return JinjaTemplateLibrary(shipped_folder("templates"))


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, words: JinjaTemplateLibrary
) -> Path:
    """A database with some of the law and both offices, nobody live."""
    file = tmp_path_factory.mktemp("prepared") / "ledger.db"
    asyncio.run(prepare_offices(file, words, RULES))
    return file


async def prepare_offices(
    file: Path, words: JinjaTemplateLibrary, codes: Collection[str]
) -> None:
    """Install some rules and both offices in a new database."""
    known = calendars()
    rules = read_rules(
        shipped_folder("schedules"), templates=words.step_templates(), calendars=known
    )
    offices = read_authorities(
        shipped_folder("examples") / "authorities.toml", calendars=known
    )
    ledger = open_ledger(file, words)
    await ledger.database.upgrade()
    await ledger.change(RulesEdit([rules[code] for code in codes]))
    await ledger.change(AuthoritiesEdit(list(offices.values())))
    await ledger.database.dispose()


@pytest.fixture(scope="session")
def prepared_live(prepared: Path, words: JinjaTemplateLibrary) -> Path:
    """The same, with the office live."""
    file = prepared.with_name("live.db")
    copy_database(prepared, file)

    async def prepare() -> None:
        ledger = open_ledger(file, words)
        await ledger.go_live(FOOD, OPERATOR, live_from=START)
        await ledger.database.dispose()

    asyncio.run(prepare())
    return file


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Lets happen once what many tests begin with."""
    return Once(tmp_path_factory.mktemp("once"))


@asynccontextmanager
async def open_copy(
    prepared: Path, folder: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Ledger]:
    file = folder / "ledger.db"
    copy_database(prepared, file)
    ledger = open_ledger(file, words)
    yield ledger
    await ledger.database.dispose()
    drop_database(file)


@pytest.fixture
async def draft(
    tmp_path: Path, prepared: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Ledger]:
    """An office that has not gone live."""
    async with open_copy(prepared, tmp_path, words) as ledger:
        yield ledger


@pytest.fixture
async def ledger(
    tmp_path: Path, prepared_live: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Ledger]:
    """An office that is live since `START`."""
    async with open_copy(prepared_live, tmp_path, words) as ledger:
        yield ledger
