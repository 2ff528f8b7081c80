"""One turn of sending when the outside misbehaves, and what may not slip into it."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.delivery.circuit import MAX_FAILURES
from service.domain.delivery.concurrency import ConcurrencyLimit
from service.domain.delivery.outcome import Outcome, RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from service.domain.law_change.edits import AuthoritiesEdit, RulesEdit
from service.flow.monotonic import monotonic_now
from service.flow.sending.post import MAX_IN_FLIGHT, Poster
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import (
    FOOD,
    OFFICE,
    PHONE_1,
    PREPARE,
    Ledger,
    permit,
    word,
)
from tests.flow.sending.guarded_days import many, pass_at

K = RefusalKind
DOWN = Refused(K.RETRY_SAFE, "connect", "ClientConnectorError", is_outage=True)
EVENING = datetime(2024, 10, 28, 12, 0, tzinfo=UTC)
MORNING = datetime(2024, 10, 29, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("answer", [DOWN, Unknown("HTTP 502")], ids=str)
async def test_a_provider_that_takes_nothing_is_left_alone_till_the_next_turn(
    ledger: Ledger, answer: Outcome
) -> None:
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 251)))
    await ledger.expand(PREPARE)
    ledger.provider.script = [answer] * 2000
    sent = await ledger.turn()
    assert not sent.more_due
    assert MAX_FAILURES <= len(ledger.provider.posted) <= MAX_FAILURES + MAX_IN_FLIGHT
    assert len(ledger.states()) == len(ledger.provider.posted), "the rest was no try"
    assert await ledger.send() == 0, "the circuit is open"
    assert await ledger.audit() == []


async def test_a_provider_that_asked_for_time_is_not_even_claimed_for(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    waits = ConcurrencyLimit.start(MAX_IN_FLIGHT).after_refusal(
        0.0, monotonic_now(), 60.0
    )
    posting = Poster(ledger.provider, ledger.vault, waits)
    assert await ledger.send(poster=posting) == 0
    assert ledger.states() == []
    assert ledger.reminders() == {"prepare": ("due", None)}


@pytest.mark.parametrize("began", [-20, 0, 1])
async def test_reminders_that_an_import_makes_due_within_a_turn_wait_for_the_guard(
    ledger: Ledger, began: int
) -> None:
    """Also where it began before the guard counted, and had to wait for it."""
    await ledger.register(*many(5))

    async def bad_import() -> None:
        ledger.clock.move_to(PREPARE + timedelta(seconds=began))
        await ledger.register(*many(400))
        ledger.clock.move_to(PREPARE + timedelta(seconds=max(began, 0)))

    ledger.provider.before.append(bad_import)
    assert await pass_at(ledger, PREPARE) == 5
    assert await pass_at(ledger, PREPARE + timedelta(minutes=1)) == 0
    paused = ledger.rows("SELECT scope, by FROM pauses")
    assert paused == [{"scope": f"office:{OFFICE}", "by": "volume guard"}]


async def test_one_blip_of_a_digest_waits_no_longer_than_that_of_any_text(
    ledger: Ledger,
) -> None:
    await ledger.register(
        *(permit(f"SC-{at:04}", phones=(PHONE_1,)) for at in range(1, 14))
    )
    await ledger.expand(PREPARE)
    ledger.provider.script = [DOWN] * 20
    await ledger.send()
    [row] = ledger.rows(
        "SELECT max(julianday(retry_at) - (SELECT julianday(posted_after) "
        "FROM messages)) * 86400 AS wait FROM reminders"
    )
    assert row["wait"] < 60


async def test_a_correction_outlives_a_text_that_was_only_planned(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.receive(word(MessageState.DELIVERED, "SM1"))
    ledger.clock.move_to(EVENING)
    await ledger.change(await closing(ledger, "40 working days before expiry"))
    await ledger.expand(MORNING)
    ledger.provider.script = [Refused(K.BAD_CONTENT, "21617", "HTTP 400")]
    await ledger.send()
    states = {step: state for step, (state, _) in ledger.reminders().items()}
    assert Counter(states.values())["superseded"] == 0
    assert states["correction-1"] in {"sent", "failed"}
    assert await ledger.audit() == []


async def test_a_clock_that_was_set_back_stops_no_sender(ledger: Ledger) -> None:
    office = (await ledger.office.current_law()).authority(OFFICE)
    await ledger.change(AuthoritiesEdit([replace(office, messages_per_second=20.0)]))
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 4)))
    await ledger.send_at(PREPARE)
    ledger.tamper(
        "UPDATE rates SET free_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 hour')"
    )
    await ledger.register(permit("SC-0009"))
    assert await ledger.send() == 1


async def test_a_template_that_changes_under_a_message_is_no_contradiction(
    ledger: Ledger,
) -> None:
    rule = (await ledger.office.current_law()).rule(FOOD)
    steps = [
        replace(
            it, steps=(replace(it.steps[0], template="renewal-open"), *it.steps[1:])
        )
        for it in rule.versions
    ]

    async def reword() -> None:
        await ledger.change(RulesEdit([replace(rule, versions=tuple(steps))]))

    await ledger.register(permit())
    await ledger.expand(PREPARE)
    ledger.provider.before.append(reword)
    ledger.provider.script = [
        Refused(K.RETRY_SAFE, "20429", "HTTP 429", over_concurrency=True)
    ]
    await ledger.send()
    ledger.tamper("UPDATE reminders SET retry_at = NULL")
    await ledger.send()
    assert [one.template for one in ledger.provider.posted] == [
        "renewal-prepare",
        "renewal-open",
    ]
    assert await ledger.audit() == []
