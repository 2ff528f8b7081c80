"""What the audit says of a ledger whose clock jumped: nothing, if it is true."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest

from service.domain.delivery.outcome import (
    Accepted,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import MessageState
from service.domain.law.period import Period
from service.domain.law.rule import Step
from service.domain.law_change.edits import RulesEdit
from tests.flow.law_change.test_change import changed
from tests.flow.ledger import (
    EXPIRES,
    LAST_CALL,
    PREPARE,
    Ledger,
    permit,
    word,
)

M, K = MessageState, RefusalKind
PREPARE_TEXT, LAST_TEXT = "renewal-prepare", "renewal-last-call"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def passing(provider_id: str) -> Receipt:
    return word(M.UNDELIVERED, provider_id, kind=K.RETRY_LATER, code="30003")


@pytest.mark.parametrize("back", [HOUR / 2, DAY, 400 * DAY])
async def test_honest_retries_after_a_clock_was_set_back_are_no_difference(
    ledger: Ledger, back: timedelta
) -> None:
    """The second message was accepted before the first one, by the clock."""
    late = PREPARE + 4 * DAY + HOUR
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.send_at(late)
    await ledger.receive(passing("SM1"), passing("SM2"))
    for hours in (0, 1, 25, 26, 49, 50):
        await ledger.send_at(max(late - back, PREPARE) + hours * HOUR)
    assert [it["retries"] for it in ledger.rows("SELECT * FROM reminders")] == [1, 1]
    assert sorted(ledger.states())[:2] == ["accepted", "accepted"]
    assert await ledger.audit() == []


ANSWERS: Sequence[Outcome | None] = (
    *[None] * 6,
    Unknown("timeout"),
    Refused(K.RETRY_SAFE, "20429", "HTTP 429"),
    Refused(K.BAD_NUMBER, "21211", "HTTP 400"),
)


@pytest.mark.parametrize("seed", [2, 6, 11])
async def test_a_clock_that_jumps_at_random_leaves_nothing_for_the_audit(
    ledger: Ledger, seed: int
) -> None:
    draw = Random(seed)  # noqa: S311 - a test, no secret
    now, numbers = PREPARE - DAY, iter(range(1, 1000))
    for turn in range(30):
        now += draw.choice((HOUR, DAY, 7 * DAY, 30 * DAY, -HOUR, -DAY, -40 * DAY))
        now = min(max(now, PREPARE - 60 * DAY), LAST_CALL + 20 * DAY)
        ledger.clock.move_to(now)
        await _something_happens(ledger, draw, next(numbers))
        ledger.tamper("UPDATE reminders SET retry_at = NULL")
        ledger.provider.script = [
            one or Accepted(f"A{next(numbers)}") for one in draw.choices(ANSWERS, k=5)
        ]
        await ledger.send_at(now)
        await ledger.settle(timedelta())
        if turn % 5 == 4:
            assert await ledger.audit() == [], now


async def _something_happens(ledger: Ledger, draw: Random, number: int) -> None:
    what = draw.randrange(7)
    known = ledger.rows("SELECT provider_id FROM messages WHERE provider_id NOTNULL")
    if what <= 1:
        expires_on = EXPIRES + draw.choice((0, 1, 9, 200)) * DAY
        one = permit(f"SC-{number:04}", expires_on=expires_on)
        await ledger.register(one)
    elif what <= 4 and known:
        provider_id = draw.choice(known)["provider_id"]
        state = draw.choice((M.DELIVERED, M.SENT))
        received = passing(provider_id) if what == 4 else word(state, provider_id)
        await ledger.receive(received)
    elif what == 5:
        days = draw.randrange(30, 90)
        ladder = (
            Step("prepare", Period.parse(f"{days} days before closing"), PREPARE_TEXT),
            Step("last-call", Period.parse("5 working days before closing"), LAST_TEXT),
        )
        edit = RulesEdit([await changed(ledger, steps=ladder)])
        await ledger.change(edit, force="a test")
