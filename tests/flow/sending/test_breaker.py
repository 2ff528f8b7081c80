from datetime import timedelta

import pytest

from service.adapters.store.db.health import SqlHealth
from service.adapters.store.sending.breaker import SqlBreakerStore
from service.domain.delivery.outcome import RefusalKind, Refused
from service.domain.delivery.status import MessageState
from service.flow.sending.breaker import check_breaker
from tests.flow.ledger import FOOD, PREPARE, Ledger, permit, word

MINUTES = timedelta(minutes=2)
AREAS = ("212", "202", "213", "312", "415")
CONTENT = Refused(RefusalKind.BAD_CONTENT, "21617", "HTTP 400")


def phone(number: int) -> str:
    """A phone of its own for each permit."""
    return f"+1{AREAS[number // 100]}55501{number % 100:02}"


async def sent(ledger: Ledger, count: int, first: int = 1) -> None:
    """Text the holders of so many permits."""
    numbers = range(first, first + count)
    await ledger.register(
        *(permit(f"SC-{one:04}", phones=(phone(one),)) for one in numbers)
    )
    await ledger.expand(ledger.clock.now())
    await ledger.send()


async def watched(ledger: Ledger) -> list[str]:
    """Look once; the reasons for which sending stands still after that."""
    await check_breaker(SqlBreakerStore(ledger.database), ledger.clock)
    return [one.reason for one in await ledger.brakes.list_pauses()]


FAIL = """UPDATE messages SET kind = ':kind', code = '30007', state = 'undelivered'
    WHERE accepted_at IS NOT NULL"""


def fail(ledger: Ledger, kind: str = "bad-content") -> None:
    """Let every message accepted so far have failed, as receipts do it."""
    ledger.tamper(FAIL.replace(":kind", kind))


@pytest.fixture
def refusing(ledger: Ledger) -> Ledger:
    """A provider that refuses every text for its words, and an office at `PREPARE`."""
    ledger.clock.move_to(PREPARE)
    ledger.provider.script = [CONTENT] * 1000
    return ledger


async def test_refusals_of_half_the_texts_open_the_breaker(refusing: Ledger) -> None:
    await sent(refusing, 20)
    [reason] = await watched(refusing)
    assert reason == (
        "20 of the last 20 texts were refused or failed for their wording, route or "
        "number; most often bad-content 21617, 20 times"
    )
    [pause] = await refusing.brakes.list_pauses()
    assert (pause.scope, pause.by) == ("all", "breaker")
    assert refusing.alarms() == ["breaker"]
    assert await SqlHealth(refusing.database).problems() == {"paused all": reason}
    refusing.provider.script = []
    await sent(refusing, 1, first=90)
    assert refusing.reminders("SC-0090")["prepare"][0] == "due"
    assert await refusing.audit() == []


async def test_nineteen_refusals_open_nothing(refusing: Ledger) -> None:
    await sent(refusing, 19)
    assert await watched(refusing) == []


async def test_failing_receipts_count_once_carriers_had_time_to_object(
    ledger: Ledger,
) -> None:
    ledger.clock.move_to(PREPARE)
    await sent(ledger, 20)
    fail(ledger)
    ledger.clock.move_to(PREPARE + MINUTES)
    await sent(ledger, 60, first=100)
    [reason] = await watched(ledger)
    assert "20 of the last 20 texts" in reason
    assert "bad-content 30007" in reason


async def test_receipts_about_people_open_nothing(ledger: Ledger) -> None:
    ledger.clock.move_to(PREPARE)
    await sent(ledger, 30)
    for kind in ("opted-out", "retry-later", "retry-safe"):
        fail(ledger, kind)
        ledger.clock.move_to(PREPARE + MINUTES)
        assert await watched(ledger) == []


@pytest.mark.parametrize(("taken", "trips"), [(9, True), (10, False)])
async def test_a_message_accepted_after_all_is_no_refusal(
    refusing: Ledger, taken: int, *, trips: bool
) -> None:
    await sent(refusing, 18)
    for row in refusing.rows("SELECT id FROM messages")[:taken]:
        sid = f"SM{row['id'][-8:]}"
        await refusing.receive(word(MessageState.SENT, sid, ref=str(row["id"])))
    refusing.provider.script = []
    await sent(refusing, 1, first=100)
    assert bool(await watched(refusing)) is False, "one is still missing"
    refusing.provider.script = [CONTENT]
    await sent(refusing, 1, first=101)
    assert bool(await watched(refusing)) is trips


async def test_the_same_old_refusals_do_not_trip_again_after_a_resume(
    refusing: Ledger,
) -> None:
    await sent(refusing, 20)
    assert len(await watched(refusing)) == 1
    refusing.clock.move_to(PREPARE + MINUTES)
    await refusing.brakes.resume("all", "ann", refusing.clock.now())
    assert await watched(refusing) == []
    refusing.clock.move_to(PREPARE + 2 * MINUTES)
    await sent(refusing, 19, first=100)
    assert await watched(refusing) == []
    await sent(refusing, 1, first=200)
    assert len(await watched(refusing)) == 1


async def test_late_receipts_about_old_texts_do_not_trip_after_a_resume(
    ledger: Ledger,
) -> None:
    ledger.clock.move_to(PREPARE)
    await sent(ledger, 30)
    later = PREPARE + MINUTES
    ledger.clock.move_to(later)
    await ledger.brakes.pause("all", "ann", "a look at the words", later)
    await ledger.brakes.resume("all", "ann", later)
    fail(ledger)
    ledger.clock.move_to(later + MINUTES)
    assert await watched(ledger) == []


async def test_the_resume_of_a_rule_is_not_one_of_everything(refusing: Ledger) -> None:
    await sent(refusing, 20)
    now = PREPARE + MINUTES
    await refusing.brakes.pause(f"rule:{FOOD}", "ann", "r", now)
    await refusing.brakes.resume(f"rule:{FOOD}", "ann", now)
    refusing.clock.move_to(now)
    assert len(await watched(refusing)) == 1


@pytest.mark.parametrize(
    ("after", "trips"), [(timedelta(hours=23), True), (timedelta(hours=24), False)]
)
async def test_outcomes_a_day_old_do_not_open_the_breaker(
    ledger: Ledger, after: timedelta, *, trips: bool
) -> None:
    ledger.clock.move_to(PREPARE)
    await sent(ledger, 20)
    fail(ledger)
    ledger.clock.move_to(PREPARE + after)
    assert bool(await watched(ledger)) is trips


async def test_a_pause_of_everything_is_left_as_it_is(ledger: Ledger) -> None:
    ledger.clock.move_to(PREPARE)
    await sent(ledger, 20)
    fail(ledger)
    now = PREPARE + MINUTES
    ledger.clock.move_to(now)
    await ledger.brakes.pause("all", "ann", "a person did", now)
    assert await watched(ledger) == ["a person did"]
    assert not await SqlBreakerStore(ledger.database).open_breaker("again", now)
    assert ledger.alarms() == []


async def test_the_breaker_opens_between_two_claims_of_one_pass(
    refusing: Ledger,
) -> None:
    await sent(refusing, 450)
    assert len(refusing.provider.posted) == 200
    assert len(await refusing.brakes.list_pauses()) == 1
