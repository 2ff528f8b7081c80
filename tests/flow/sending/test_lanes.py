"""Two lanes of one turn: while one POSTs, the other claims; nobody is told twice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import pytest

from service.domain.delivery.outcome import Accepted, RefusalKind, Refused
from service.domain.delivery.status import MessageState
from service.flow.sending.claim_rows import Claim, ClaimRequest, Outcomes
from service.flow.sending.post import Posting, PostResult, monotonic_now
from service.flow.sending.provider import Outgoing
from service.flow.sending.send import MAX_CLAIMED
from service.flow.sending.send import send as send_all
from tests.flow.fakes import DiedError
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import PREPARE, Ledger, permit

NO_ACCOUNT = Refused(RefusalKind.ACCOUNT, "20003", "HTTP 401")


@dataclass(slots=True)
class TwoLanes(Posting):
    """As with a process that POSTs, in this one: its rounds take turns."""

    lanes: ClassVar[int] = 2


@pytest.fixture
async def due(ledger: Ledger) -> Ledger:
    """An office with 450 holders to tell."""
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 451)))
    await ledger.expand(PREPARE)
    return ledger


async def send(ledger: Ledger, **changed: Any) -> int:  # noqa: ANN401 - fields
    posting = TwoLanes(ledger.provider, ledger.vault)
    return await ledger.send(**{"posting": posting} | changed)


async def test_everybody_is_told_once_and_few_are_claimed_at_a_time(
    due: Ledger,
) -> None:
    claimed = list[int]()

    @dataclass(slots=True)
    class Counting(TwoLanes):
        async def post(
            self,
            messages: Sequence[Outgoing],
            deadline: float,
            claimed_at: float | None = None,
        ) -> PostResult:
            claimed.append(due.states().count("sending"))
            return await TwoLanes.post(self, messages, deadline, claimed_at)

    assert await send(due, posting=Counting(due.provider, due.vault)) == 450
    assert Counter(due.states()) == {"accepted": 450}
    assert len({one.phone for one in due.provider.posted}) == 450
    assert max(claimed) <= MAX_CLAIMED
    assert await due.audit() == []


async def test_a_lane_that_finds_no_account_ends_the_other_one(due: Ledger) -> None:
    due.provider.script = [NO_ACCOUNT] * 1000
    posting = TwoLanes(due.provider, due.vault)
    sent = await send_all(replace(due.sending, poster=posting), due.clock.now())
    assert sent.posted < MAX_CLAIMED
    assert not sent.more_due
    assert len(due.states()) <= MAX_CLAIMED
    assert due.rows("SELECT scope FROM pauses") == [{"scope": "all"}]
    assert await due.audit() == []


async def test_what_one_lane_breaks_off_does_not_lose_what_the_other_heard(
    due: Ledger,
) -> None:
    due.provider.script = [Accepted(f"SM{at}") for at in range(1, 131)]
    due.provider.script.append(DiedError())
    with pytest.raises(DiedError):
        await send(due)
    states = Counter(due.states())
    assert states["accepted"] >= 100
    assert states.total() <= 2 * MAX_CLAIMED


@dataclass(slots=True)
class Failing:
    """A store of which one claim fails."""

    store: Any
    at: int
    claims: int = 0

    async def claim(
        self, request: ClaimRequest, now: datetime, outcomes: Outcomes = ()
    ) -> Claim:
        self.claims += 1
        if self.claims == self.at:
            raise OSError("the disk is full")
        claim: Claim = await self.store.claim(request, now, outcomes)
        return claim

    async def record(self, owner: str, outcomes: Outcomes, now: datetime) -> None:
        await self.store.record(owner, outcomes, now)


@pytest.mark.parametrize("at", [2, 3, 4])
async def test_what_was_heard_is_written_down_though_the_next_claim_fails(
    due: Ledger, at: int
) -> None:
    with pytest.raises(OSError, match="full"):
        await send(due, store=Failing(due.sending.store, at))
    assert set(due.states()) == {MessageState.ACCEPTED}
    assert len(due.provider.posted) == len(due.states())


async def test_what_was_heard_is_written_down_once_though_the_law_changes(
    due: Ledger,
) -> None:
    async def change() -> None:
        await due.change(await closing(due, "31 working days before expiry"))

    due.provider.after.append(change)
    await send(due)
    said = due.rows(
        "SELECT message_id, count(*) AS n FROM reminder_events "
        "WHERE state = 'sent' GROUP BY message_id"
    )
    assert {row["n"] for row in said} == {1}
    assert len(said) == len(due.provider.posted)
    assert await due.audit() == []


async def test_the_time_of_a_text_runs_since_it_was_claimed(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    [one] = (await ledger.claim()).messages
    posting = Posting(ledger.provider, ledger.vault)
    await posting.post(
        [replace(one)], monotonic_now() + 60, claimed_at=monotonic_now() - 7.0
    )
    assert ledger.provider.posted[0].valid_for <= one.valid_for - 7.0
