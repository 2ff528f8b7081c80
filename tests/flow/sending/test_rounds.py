"""The rounds of one turn of sending: claim, POST, record, and again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from service.domain.delivery.outcome import Accepted, RefusalKind, Refused
from service.domain.delivery.status import MessageState
from service.flow.sending.claim_rows import Begun, Claim, ClaimRequest, PostProgress
from service.flow.sending.post import Poster, PostResult
from service.flow.sending.post_round import RecordAndBegin
from service.flow.sending.provider import Outgoing
from service.flow.sending.send import MAX_CLAIMED
from tests.flow.fakes import DiedError
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import PREPARE, Ledger, permit

NO_ACCOUNT = Refused(RefusalKind.ACCOUNT, "20003", "HTTP 401")


@pytest.fixture
async def due(ledger: Ledger) -> Ledger:
    """An office with 450 reminders due."""
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 451)))
    await ledger.expand(PREPARE)
    return ledger


async def test_each_holder_gets_one_text_and_few_are_claimed_at_a_time(
    due: Ledger,
) -> None:
    claimed = list[int]()

    @dataclass(slots=True)
    class Counting(Poster):
        async def post(
            self,
            messages: Sequence[Outgoing],
            deadline: float,
            record_and_begin: RecordAndBegin,
        ) -> PostResult:
            claimed.append(due.states().count("sending"))
            return await Poster.post(self, messages, deadline, record_and_begin)

    assert await due.send(poster=Counting(due.provider, due.vault)) == 450
    assert Counter(due.states()) == {"accepted": 450}
    assert len({one.phone for one in due.provider.posted}) == 450
    assert max(claimed) <= MAX_CLAIMED
    assert await due.audit() == []


async def test_a_refused_account_ends_the_turn(due: Ledger) -> None:
    due.provider.script = [NO_ACCOUNT] * 1000
    sent = await due.turn()
    assert sent.posted < MAX_CLAIMED
    assert not sent.more_due
    assert len(due.states()) <= MAX_CLAIMED
    assert due.rows("SELECT scope FROM pauses") == [{"scope": "all"}]
    assert await due.audit() == []


async def test_a_round_that_breaks_off_loses_no_outcome_of_the_rounds_before(
    due: Ledger,
) -> None:
    due.provider.script = [Accepted(f"SM{at}") for at in range(1, 231)]
    due.provider.script.append(DiedError())
    with pytest.raises(DiedError):
        await due.send()
    states = Counter(due.states())
    assert states["accepted"] >= MAX_CLAIMED
    assert states.total() <= 2 * MAX_CLAIMED


@dataclass(slots=True)
class Failing:
    """A store that fails in one claim."""

    store: Any
    at: int
    claims: int = 0

    async def claim(self, request: ClaimRequest, now: datetime) -> Claim:
        self.claims += 1
        if self.claims == self.at:
            raise OSError("the disk is full")
        claim: Claim = await self.store.claim(request, now)
        return claim

    async def record_and_begin(self, progress: PostProgress, now: datetime) -> Begun:
        begun: Begun = await self.store.record_and_begin(progress, now)
        return begun


@pytest.mark.parametrize("at", [2, 3, 4])
async def test_outcomes_are_recorded_though_the_next_claim_fails(
    due: Ledger, at: int
) -> None:
    with pytest.raises(OSError, match="full"):
        await due.send(store=Failing(due.sending.store, at))
    assert set(due.states()) == {MessageState.ACCEPTED}
    assert len(due.provider.posted) == len(due.states())


async def test_outcomes_are_recorded_once_though_the_law_changes(
    due: Ledger,
) -> None:
    async def change() -> None:
        await due.change(await closing(due, "31 working days before expiry"))

    due.provider.after.append(change)
    await due.send()
    said = due.rows(
        "SELECT message_id, count(*) AS n FROM reminder_events "
        "WHERE state = 'sent' GROUP BY message_id"
    )
    assert {row["n"] for row in said} == {1}
    assert len(said) == len(due.provider.posted)
    assert await due.audit() == []
