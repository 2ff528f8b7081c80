"""No hot path reads a big table from end to end, at a million permits on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from service.adapters.store.permits.reader import SqlPermitReader
from service.adapters.store.reminders.reader import SqlReminderReader
from service.adapters.store.sending.reader import SqlMessageReader
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.delivery.outcome import Unknown
from service.domain.delivery.status import MessageState
from service.domain.permits.permit import PermitStatus
from service.flow.reports.message_views import MessageFilter, ReminderFilter
from tests.databases import database_name, on_server
from tests.depth import by_depth
from tests.flow.conftest import prepare_offices
from tests.flow.ledger import (
    FOOD,
    LAST_CALL,
    OFFICE,
    PREPARE,
    START,
    Ledger,
    open_ledger,
    permit,
    word,
)
from tests.flow.many_permits import BIG, fill
from tests.postgres import Server

pytestmark = [pytest.mark.deep, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def million(
    postgres: Server,
    tmp_path_factory: pytest.TempPathFactory,
    words: JinjaTemplateLibrary,
) -> Iterator[Path]:
    """An office with a million permits, made once."""
    if by_depth(quick=True, deep=False):
        pytest.skip("two minutes to make a million permits: make test-deep runs it")
    file = tmp_path_factory.mktemp("million") / "ledger.db"

    async def prepare() -> None:
        await prepare_offices(file, words, [FOOD])
        ledger = open_ledger(file, words)
        await ledger.go_live(FOOD, live_from=START)
        await ledger.register(permit(), permit("SC-0002"))
        assert await ledger.send_at(PREPARE) == 2
        await ledger.receive(
            *(word(MessageState.DELIVERED, f"SM{number}") for number in (1, 2))
        )
        await ledger.database.dispose()

    with on_server(postgres):
        asyncio.run(prepare())
        with postgres.connect(database_name(file)) as connection:
            fill(connection)
        yield file


@pytest.fixture
async def big(million: Path, words: JinjaTemplateLibrary) -> AsyncIterator[Ledger]:
    """The same, an hour after the first reminders."""
    ledger = open_ledger(million, words, PREPARE)
    ledger.provider.next_id = 20
    yield ledger
    await ledger.database.dispose()


class Plans:
    """What the planner says of each statement, and what reading `permits` costs."""

    def __init__(self) -> None:
        self.all: list[tuple[str, Mapping[str, Any]]] = []

    def add(self, statement: str, plan: Mapping[str, Any]) -> None:
        """Note the plan of a statement."""
        self.all.append((statement, plan))

    def complaints(self) -> list[str]:
        """Statements that read a big table from end to end, or cost as much."""
        return [
            f"{' '.join(statement.split())[:2000]}\n    {trouble}"
            for statement, plan in self.all
            for trouble in _troubles(plan)
        ]


def _troubles(plan: Mapping[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in BIG:
        yield f"reads all of {plan['Relation Name']}: {plan.get('Filter', 'no filter')}"
    for below in plan.get("Plans", ()):
        yield from _troubles(below)


@contextmanager
def plans_of(ledger: Ledger) -> Iterator[Plans]:
    """Let PostgreSQL plan each statement, just before it runs, with its parameters."""
    plans, database = Plans(), ledger.database
    engines = [database._writer.sync_engine, database._reader.sync_engine]  # noqa: SLF001 - whatever the code under test runs

    def explain(
        connection: Connection,
        _cursor: object,
        statement: str,
        parameters: Any,  # noqa: ANN401
        _context: object,
        is_many: bool,  # noqa: FBT001
    ) -> None:
        if not statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            return
        cursor = connection.connection.cursor()
        given = parameters[0] if is_many else parameters
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", given)
        [[[found]]] = cursor.fetchall()
        plans.add(statement, found["Plan"])
        cursor.close()

    for engine in engines:
        event.listen(engine, "before_cursor_execute", explain)
    yield plans
    for engine in engines:
        event.remove(engine, "before_cursor_execute", explain)


async def test_what_runs_all_day_reads_no_big_table_from_end_to_end(
    big: Ledger,
) -> None:
    with plans_of(big) as plans:
        await big.register(*(permit(f"SC-{number:04}") for number in range(1, 301)))
        await big.register(
            permit(holder="X"), permit("SC-0009", status=PermitStatus.SUSPENDED)
        )
        await big.withdraw(permit("SC-0002"))
        assert await big.expand(LAST_CALL) > 200
        big.provider.script = [Unknown("timeout")]
        assert await big.send() > 200
        await big.settle(is_vouched=False)
        await big.receive(*(word(MessageState.DELIVERED, one) for one in ("SM25", "x")))
        await big.poll()
        assert await big.hear("STOP")
    assert len(plans.all) > 100
    assert not plans.complaints(), "\n\n".join(plans.complaints())


async def test_lists_and_searches_read_no_big_table_from_end_to_end(
    big: Ledger,
) -> None:
    readers = (
        SqlPermitReader(big.database),
        SqlReminderReader(big.database),
        SqlMessageReader(big.database),
    )
    permits, reminders, messages = readers
    with plans_of(big) as plans:
        page = await permits.page(None, None, None, 100)
        await permits.page(OFFICE, FOOD, page[-1].id, 100)
        assert len(await permits.find_by_number(["N-0000077", "N-0000078"])) == 2
        assert await permits.get(OFFICE, FOOD, "N-0000077")
        _, cursor = await reminders.page(ReminderFilter(), None, 100)
        await reminders.page(ReminderFilter(offices=[OFFICE]), cursor, 100)
        await reminders.page(ReminderFilter(held=True), None, 100)
        found = await messages.page(MessageFilter(), None, 100)
        await messages.page(MessageFilter(offices=[OFFICE]), found[-1].id, 100)
        await messages.page(MessageFilter(open=True), None, 100)
        await messages.get(found[0].id)
    assert not plans.complaints(), "\n\n".join(plans.complaints())
