"""The contract of the store, on SQLite and on PostgreSQL, with two connections each."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service.adapters.store.permits.reader import SqlPermitReader
from service.adapters.store.reports.call_list import SqlCallListStore
from service.adapters.store.reports.counts import SqlCountStore
from service.adapters.store.reports.diagnosis import SqlDiagnosisStore
from service.adapters.store.reports.explain import SqlExplainStore
from service.adapters.store.reports.forecast import SqlForecastStore
from service.adapters.store.reports.metrics import SqlMetricsStore
from service.adapters.store.reports.outlook import SqlOutlookStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.delivery.outcome import Accepted, Unknown
from service.domain.delivery.status import MessageState
from service.domain.reports.period import period_between, week_of
from service.flow.reports.call_list import list_calls
from service.flow.reports.forecast import forecast_reminders
from service.flow.reports.weekly import list_counts, make_report
from tests.databases import on_server
from tests.flow.conftest import open_copy, prepare_offices
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    LAST_CALL,
    OFFICE,
    PATIENCE,
    PREPARE,
    START,
    Ledger,
    open_ledger,
    permit,
    word,
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def live(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    words: JinjaTemplateLibrary,
) -> Iterator[Path]:
    """An office that is live since `START`, on each kind of database."""
    file = tmp_path_factory.mktemp("both") / "ledger.db"

    async def prepare() -> None:
        await prepare_offices(file, words, [FOOD])
        ledger = open_ledger(file, words)
        await ledger.go_live(FOOD, live_from=START)
        await ledger.database.dispose()

    with ExitStack() as stack:
        if request.param == "postgres":
            stack.enter_context(on_server(request.getfixturevalue("postgres")))
        asyncio.run(prepare())
        yield file


@pytest.fixture
async def one(
    live: Path, tmp_path: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Ledger]:
    """One process on the database."""
    async with open_copy(live, tmp_path, words) as ledger:
        yield ledger


@pytest.fixture
async def other(one: Ledger, words: JinjaTemplateLibrary) -> AsyncIterator[Ledger]:
    """Another process on the same database, with the same provider and clock."""
    opened = open_ledger(one.file, words)
    sending = replace(opened.sending, poster=one.sending.poster)
    yield replace(opened, sending=sending, provider=one.provider)
    await opened.database.dispose()


async def test_a_reminder_goes_all_the_way_and_the_audit_finds_nothing(
    one: Ledger,
) -> None:
    await one.register(permit(), permit("SC-0002"))
    assert await one.send_at(PREPARE) == 2
    [first, second] = one.rows("SELECT * FROM messages ORDER BY id")
    await one.receive(
        word(MessageState.DELIVERED, first["provider_id"]),
        word(MessageState.FAILED, second["provider_id"], code="30005"),
    )
    assert await one.hear("STOP")
    assert await one.send_at(LAST_CALL) == 1, "to the other phone"
    assert one.reminders()["prepare"] == ("delivered", None)
    assert one.reminders()["last-call"] == ("suppressed", "opted out")
    assert await one.audit() == []


async def test_what_is_registered_again_withdrawn_and_renewed_keeps_its_reminders(
    one: Ledger,
) -> None:
    renewed = permit(expires_on=EXPIRES.replace(year=2029))
    await one.register(permit(), permit("SC-0002"))
    await one.expand(PREPARE)
    await one.register(permit(), renewed, permit("SC-0002", holder="Another"))
    assert await one.withdraw(permit("SC-0002")) is not None
    assert await one.send() == 0
    assert await one.audit() == []


async def test_a_lost_answer_is_settled_and_an_absent_text_is_sent_again(
    one: Ledger,
) -> None:
    await one.register(permit())
    await one.expand(PREPARE)
    one.provider.script = [Unknown("timeout")]
    assert await one.send() == 1
    assert one.states() == ["uncertain"]
    await one.settle()
    await asyncio.sleep(PATIENCE.total_seconds())
    await one.settle()
    assert one.states() == ["not-accepted"]
    assert await one.send() == 1
    assert await one.audit() == []


async def test_workers_that_send_at_once_post_each_reminder_once(
    one: Ledger, other: Ledger
) -> None:
    await one.register(*(permit(f"SC-{number:04}") for number in range(1, 41)))
    await one.expand(PREPARE)
    other.clock.move_to(PREPARE)
    posted = await asyncio.gather(*(its.send() for its in (one, other, one, other)))
    assert sum(posted) == 40
    texted = [message.phone for message in one.provider.posted]
    assert len(texted) == len(set(texted)) == 40
    assert await one.audit() == []


async def test_workers_that_expand_at_once_create_each_reminder_once(
    one: Ledger, other: Ledger
) -> None:
    await one.register(*(permit(f"SC-{number:04}") for number in range(1, 11)))
    created = await asyncio.gather(one.expand(PREPARE), other.expand(PREPARE))
    assert sorted(created) == [0, 10]


async def test_a_permit_that_is_registered_while_its_slot_is_expanded_is_reminded(
    one: Ledger, other: Ledger
) -> None:
    await one.register(permit())
    one.clock.move_to(PREPARE)
    await asyncio.gather(
        *(other.register(permit(f"SC-{number:04}")) for number in range(2, 12)),
        one.expand(PREPARE),
    )
    await one.expand(PREPARE + timedelta(minutes=1))
    assert await one.audit() == []
    reminded = one.rows("SELECT DISTINCT permit_id FROM reminders")
    assert len(reminded) == 11


async def test_a_pause_that_is_committed_lets_nothing_be_claimed(
    one: Ledger, other: Ledger
) -> None:
    await one.register(permit())
    await one.expand(PREPARE)
    await other.brakes.pause("all", "tester", "a test", PREPARE)
    assert await one.send() == 0


async def test_a_receipt_that_overtakes_its_record_is_kept(
    one: Ledger, other: Ledger
) -> None:
    await one.register(permit())
    await one.expand(PREPARE)
    [message] = (await one.claim()).messages
    owner = one.message()["owner"]
    await one.begin(owner, message)
    delivered = word(MessageState.DELIVERED, "SM1", ref=message.id)
    await asyncio.gather(
        other.receive(delivered), one.record(owner, [(message, Accepted("SM1"))])
    )
    assert one.states() == ["delivered"]
    assert await one.audit() == []


async def test_what_is_asked_about_a_ledger_is_answered(one: Ledger) -> None:
    await one.register(permit(), permit("SC-0002"), permit("SC-0003"))
    one.provider.script = [Accepted("SM1"), Unknown("timeout")]
    assert await one.send_at(PREPARE) == 3
    await one.receive(word(MessageState.DELIVERED, "SM1"))
    law, now = await one.office.current_law(), one.clock.now()
    office, store = law.authority(OFFICE), SqlCountStore(one.database)
    day = now.astimezone(office.zone).date()
    today = period_between(day, day, office.zone)
    for by in ("rule", "authority", "day"):
        [row] = await list_counts(today, by, now, [OFFICE], store)
        assert (row.tally.reminded, row.tally.delivered) == (2, 1)
    made = await make_report(
        week_of(now, office.zone), office, one.office, store, one.clock
    )
    assert made.sums.this.messages == 2
    ahead = SqlForecastStore(one.database)
    days = await forecast_reminders(office, 60, one.office, ahead, one.clock)
    assert sum(one_day.reminders for one_day in days) == 6, "each in two steps"
    calls = SqlCallListStore(one.database)
    assert await list_calls([OFFICE], one.office, calls, one.clock) == []
    rows = await SqlDiagnosisStore(one.database).read(now, now + timedelta(days=99))
    assert [(kind.permits, kind.closing) for kind in rows.types] == [(3, 3)]
    gauges = await SqlMetricsStore(one.database).gauges(now)
    assert gauges.open_outcomes == 1
    await SqlOutlookStore(one.database).outlook(now)
    [found] = await SqlPermitReader(one.database).find_by_number(["SC-0001"])
    history, _ = await SqlExplainStore(one.database).permit_history(found.id, now)
    assert [reminder.step for reminder in history] == ["prepare"]
