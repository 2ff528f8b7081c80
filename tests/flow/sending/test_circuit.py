"""An outage: the circuit of a provider opens for all workers, and closes by itself."""

import asyncio
import logging
from collections import Counter
from uuid import uuid4

import pytest

from service.domain.delivery.circuit import MAX_FAILURES
from service.domain.delivery.outcome import Accepted, RefusalKind, Refused, Unknown
from service.flow.sending.circuit import open_access
from service.flow.sending.post import MAX_IN_FLIGHT
from service.flow.sending.send import send
from tests.flow.ledger import PREPARE, Ledger, permit
from tests.flow.sending.guarded_days import pass_at

LOST = Unknown("HTTP 503")
PROBE_IS_DUE = "UPDATE circuits SET probe_at = '2020-01-01 00:00:00.000000'"
PROBE_HAS_LAPSED = "UPDATE circuits SET probe_until = '2020-01-01 00:00:00.000000'"


async def due(ledger: Ledger, count: int) -> None:
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, count + 1)))
    await ledger.expand(PREPARE)


async def opened(ledger: Ledger, count: int = 60) -> int:
    """So many reminders, and a provider that is out; how many were POSTed."""
    await due(ledger, count)
    ledger.provider.script, ledger.provider.lost = [LOST] * 1000, True
    await ledger.send()
    ledger.provider.lost = False
    assert state_of(ledger) == "open"
    return len(ledger.provider.posted)


def state_of(ledger: Ledger) -> str | None:
    rows = ledger.rows("SELECT state FROM circuits")
    return str(rows[0]["state"]) if rows else None


async def access_is_given(ledger: Ledger) -> bool:
    store = ledger.sending.circuit_store
    return await open_access(store, ledger.provider, str(uuid4()), 60.0) is not None


async def test_an_outage_leaves_unknown_what_was_in_flight_and_nothing_else(
    ledger: Ledger,
) -> None:
    posted = await opened(ledger, 200)
    assert MAX_FAILURES <= posted <= MAX_IN_FLIGHT + MAX_FAILURES
    states = Counter(row["state"] for row in ledger.rows("SELECT * FROM reminders"))
    assert states == {"uncertain": posted, "due": 200 - posted}
    assert await ledger.audit() == []


async def test_while_it_is_open_nobody_claims_asks_or_posts(ledger: Ledger) -> None:
    posted = await opened(ledger)
    for _ in range(3):
        await pass_at(ledger, PREPARE)
    assert len(ledger.provider.posted) == posted
    assert ledger.provider.asked == ledger.provider.questions == 0
    assert (await ledger.claim()).messages == ()


async def test_failures_of_several_turns_add_up(ledger: Ledger) -> None:
    await due(ledger, 1)
    for _ in range(MAX_FAILURES):
        assert state_of(ledger) in {None, "closed"}
        ledger.provider.script = [
            Refused(RefusalKind.RETRY_SAFE, "connect", "refused", is_outage=True)
        ]
        await ledger.send()
        ledger.tamper("UPDATE reminders SET retry_at = NULL")
    assert state_of(ledger) == "open"


async def test_one_probe_is_taken_though_many_workers_ask(ledger: Ledger) -> None:
    await opened(ledger)
    ledger.tamper(PROBE_IS_DUE)
    given = await asyncio.gather(*(access_is_given(ledger) for _ in range(5)))
    assert given.count(True) == 1
    assert ledger.provider.questions == 1


async def test_a_question_without_an_answer_posts_nothing_and_doubles_the_wait(
    ledger: Ledger,
) -> None:
    posted = await opened(ledger)
    ledger.provider.deaf = True
    for wait in (60, 120, 240, 480, 600, 600):
        ledger.tamper(PROBE_IS_DUE)
        assert await ledger.send() == 0
        [row] = ledger.rows("SELECT * FROM circuits")
        assert (row["state"], row["wait_seconds"]) == ("open", wait)
        assert row["reason"] == "5 in a row: HTTP 503", "why it opened"
    assert len(ledger.provider.posted) == posted
    ledger.tamper(PROBE_HAS_LAPSED)
    assert not await access_is_given(ledger), "not before ten minutes are over"


async def test_a_probe_that_is_one_too_many_doubles_the_wait(ledger: Ledger) -> None:
    await opened(ledger)
    kind = RefusalKind.RETRY_SAFE
    ledger.provider.script = [Refused(kind, "20429", "HTTP 429", over_concurrency=True)]
    ledger.tamper(PROBE_IS_DUE)
    assert await ledger.send() == 1
    [row] = ledger.rows("SELECT * FROM circuits")
    assert (row["state"], row["wait_seconds"]) == ("open", 60)


async def test_a_probe_whose_lease_is_over_posts_nothing(ledger: Ledger) -> None:
    posted = await opened(ledger)
    ledger.provider.script = []
    ledger.tamper(PROBE_IS_DUE)
    store = ledger.sending.circuit_store
    access = await open_access(store, ledger.provider, str(uuid4()), 60.0)
    assert access is not None
    ledger.tamper(PROBE_HAS_LAPSED)
    sent = await send(ledger.sending, PREPARE, access)
    assert (sent.posted, len(ledger.provider.posted)) == (0, posted)


async def test_a_question_with_an_answer_allows_one_message(ledger: Ledger) -> None:
    posted = await opened(ledger)
    ledger.tamper(PROBE_IS_DUE)
    assert await ledger.send() == 1
    assert len(ledger.provider.posted) == posted + 1
    assert state_of(ledger) == "open", "it was not answered"


async def test_once_the_provider_answers_everything_goes_out(ledger: Ledger) -> None:
    posted = await opened(ledger)
    ledger.provider.script = []
    ledger.tamper(PROBE_IS_DUE)
    assert await pass_at(ledger, PREPARE) == 60 - posted
    assert state_of(ledger) == "closed"
    assert await ledger.audit() == []


async def test_with_nothing_due_the_question_alone_closes_it(ledger: Ledger) -> None:
    assert await opened(ledger, MAX_FAILURES) == MAX_FAILURES
    ledger.tamper(PROBE_IS_DUE)
    assert await ledger.send() == 0
    assert state_of(ledger) == "closed"


async def test_a_probe_whose_worker_died_is_taken_by_another(ledger: Ledger) -> None:
    await opened(ledger)
    ledger.tamper(PROBE_IS_DUE)
    assert await access_is_given(ledger)
    assert not await access_is_given(ledger)
    ledger.tamper(PROBE_HAS_LAPSED)
    assert await access_is_given(ledger)


@pytest.mark.parametrize("answer", [Accepted("SM77"), LOST], ids=str)
async def test_an_answer_from_before_it_opened_says_nothing_of_it(
    ledger: Ledger, answer: Accepted | Unknown
) -> None:
    await due(ledger, 1)
    [message] = (await ledger.claim()).messages
    owner = ledger.message()["owner"]
    await ledger.begin(owner, message)
    old = await ledger.progress(owner, outcomes=[(message, answer)])
    ledger.tamper(
        "INSERT INTO circuits VALUES ('fake', 'half-open', 7, 0, 'out', "
        "'2024-01-01 00:00:00.000000', 30, NULL, NULL, NULL)"
    )
    for _ in range(MAX_FAILURES):
        begun = await ledger.claims.record_and_begin(old, PREPARE)
        assert begun.circuit is None
    assert state_of(ledger) == "half-open"


async def test_nothing_is_begun_once_it_has_opened(ledger: Ledger) -> None:
    await due(ledger, 1)
    [message] = (await ledger.claim()).messages
    owner = ledger.message()["owner"]
    progress = await ledger.progress(owner, group=[message])
    ledger.tamper(
        "INSERT INTO circuits VALUES ('fake', 'open', 1, 0, 'out', "
        "'2024-01-01 00:00:00.000000', 30, NULL, NULL, NULL)"
    )
    begun = await ledger.claims.record_and_begin(progress, PREPARE)
    assert begun.message_ids == frozenset()
    assert ledger.message()["begun"] == 0


BY_HAND = {
    "AJAR": "INSERT INTO circuits VALUES ('fake', 'ajar', 1, 0, NULL, "
    "'2024-01-01 00:00:00.000000', 30, NULL, NULL, NULL)",
    "FAR_AHEAD": "INSERT INTO circuits VALUES ('fake', 'open', 1, 0, NULL, "
    "'9999-12-31 00:00:00.000000', -5, '9999-12-31 00:00:00.000000', x'00', "
    "'9999-12-31 00:00:00.000000')",
    "NONSENSE": "INSERT INTO circuits VALUES ('fake', 'half-open', -3, 99, '', "
    "'1970-01-01 00:00:00.000000', 1e300, NULL, x'00', NULL)",
}


@pytest.mark.parametrize("by_hand", BY_HAND)
async def test_a_row_by_hand_crashes_nothing_and_a_probe_mends_it(
    ledger: Ledger, by_hand: str
) -> None:
    await due(ledger, 3)
    ledger.tamper(BY_HAND[by_hand])
    assert await pass_at(ledger, PREPARE) == 3
    assert state_of(ledger) == "closed"


async def test_an_outage_is_one_line_and_so_is_its_end(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await opened(ledger)
        for _ in range(3):
            await pass_at(ledger, PREPARE)
        ledger.provider.script = []
        ledger.tamper(PROBE_IS_DUE)
        await pass_at(ledger, PREPARE)
    said = [one.getMessage() for one in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("provider fake: sending waits, ")
    assert "HTTP 503; next probe in 30 s" in said[0]
    assert said[1] == "provider fake answers again: sending goes on"
