"""POSTs of one round: how many at once, in which order, until when."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from service.domain.delivery.circuit import MAX_FAILURES, PostEvidence
from service.domain.delivery.concurrency import ConcurrencyLimit
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.flow.monotonic import monotonic_now
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.sending import post_round
from service.flow.sending.post import MAX_IN_FLIGHT, Poster
from service.flow.sending.post_round import MAX_GROUP
from service.flow.sending.provider import Outgoing
from tests.flow.fakes import FakeProvider
from tests.flow.ledger import KEY, PHONE_1

from service.adapters.vault import Vault  # isort: skip

VAULT = Vault.from_keys(KEY)
CROWDED = Refused(RefusalKind.RETRY_SAFE, "20429", "HTTP 429", over_concurrency=True)
DOWN = Refused(
    RefusalKind.RETRY_SAFE, "connect", "ClientConnectorError", is_outage=True
)


@dataclass
class Narrow(FakeProvider):
    """Refuses what comes while so many are under way."""

    bears: int = MAX_IN_FLIGHT
    under_way: int = 0
    most: int = 0
    refused: int = field(default=0)

    def __post_init__(self) -> None:
        FakeProvider.__init__(self)

    async def send(self, message: Outgoing) -> Outcome:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        full = self.under_way > self.bears
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.under_way -= 1
        if full:
            self.refused += 1
            return CROWDED
        return await super().send(message)


class Records:
    """Begins every message at once, and keeps what is recorded."""

    def __init__(self) -> None:
        self.outcomes = list[tuple[Outgoing, Outcome]]()
        self.begun = list[str]()
        self.evidence = list[PostEvidence]()

    async def __call__(
        self,
        outcomes: Sequence[tuple[Outgoing, Outcome]],
        evidence: PostEvidence,
        group: Sequence[Outgoing],
    ) -> list[str]:
        self.outcomes += outcomes
        self.evidence.append(evidence)
        ids = [one.id for one in group]
        self.begun += ids
        return ids


async def outcomes_of(
    poster: Poster, posted: Sequence[Outgoing], deadline: float
) -> list[tuple[Outgoing, Outcome]]:
    """POST messages; what became of each."""
    records = Records()
    await poster.post(posted, deadline, records)
    return records.outcomes


async def test_every_message_says_until_when_it_may_be_posted() -> None:
    provider, deadline = FakeProvider(), monotonic_now() + 60
    await Poster(provider, VAULT).post(messages(2), deadline, Records())
    assert [one.post_until for one in provider.posted] == [deadline, deadline]


def messages(count: int, **changed: object) -> list[Outgoing]:
    known: dict[str, object] = {
        "attempt": 1,
        "encrypted_phone": VAULT.encrypt(PHONE_1, PHONE_COLUMN),
        "body": "",
        "template": "",
        "language": "zh",
        "valid_for": 600.0,
    }
    return [
        Outgoing(id=f"{at:04}", **known | changed)  # type: ignore[arg-type] # fields by name
        for at in range(count)
    ]


async def test_no_more_are_under_way_than_the_pace_allows() -> None:
    provider = Narrow()
    said = await outcomes_of(
        Poster(provider, VAULT), messages(200), monotonic_now() + 60
    )
    assert len(said) == 200
    assert provider.most == MAX_IN_FLIGHT
    assert provider.refused == 0


async def test_a_provider_that_bears_less_is_asked_less_and_everybody_is_answered() -> (
    None
):
    provider, posting = Narrow(bears=4), Poster(Narrow(bears=4), VAULT)
    posting.provider = provider
    for _ in range(5):
        await posting.post(messages(100), monotonic_now() + 60, Records())
    early = provider.refused
    assert 0 < posting.pace.current < MAX_IN_FLIGHT
    await posting.post(messages(100), monotonic_now() + 60, Records())
    assert provider.refused - early < 40, "it has learnt"
    assert len(provider.posted) + provider.refused == 600


async def test_the_pace_is_remembered_from_round_to_round() -> None:
    posting = Poster(
        FakeProvider(),
        VAULT,
        ConcurrencyLimit.start(8).after_refusal(0.0, monotonic_now()),
    )
    await posting.post(messages(2), monotonic_now() + 60, Records())
    assert 4 < posting.pace.current < 5


async def test_a_wait_that_the_provider_asks_for_delays_every_post() -> None:
    provider = FakeProvider()
    provider.script = [Refused(**_fields(CROWDED) | {"retry_after": 0.2})]  # type: ignore[arg-type] # fields by name
    posting = Poster(provider, VAULT)
    began = monotonic_now()
    await posting.post(messages(60), began + 60, Records())
    assert posting.pace.closed_until >= began + 0.2


def _fields(refused: Refused) -> dict[str, object]:
    return {
        name: getattr(refused, name)
        for name in ("kind", "code", "reason", "over_concurrency")
    }


async def test_nothing_is_posted_after_the_deadline() -> None:
    provider = FakeProvider()
    said = await outcomes_of(Poster(provider, VAULT), messages(30), monotonic_now() - 1)
    assert {type(outcome) for _, outcome in said} == {NotPosted}
    assert len(said) == 30
    assert provider.posted == []


async def test_an_account_that_is_refused_stops_the_round() -> None:
    provider = FakeProvider()
    provider.script = [Refused(RefusalKind.ACCOUNT, "20003", "HTTP 401")]
    said = await outcomes_of(
        Poster(provider, VAULT), messages(100), monotonic_now() + 60
    )
    assert len(said) == 100
    assert len(provider.posted) <= MAX_IN_FLIGHT


@pytest.mark.parametrize("in_vain", [MAX_FAILURES - 1, MAX_FAILURES])
async def test_connections_refused_in_a_row_leave_the_rest_for_later(
    in_vain: int,
) -> None:
    provider = FakeProvider()
    provider.script = [*[DOWN] * in_vain, *(Accepted(f"SM9{at}") for at in range(90))]
    posting = Poster(provider, VAULT, ConcurrencyLimit.start(1))
    said = await outcomes_of(posting, messages(50), monotonic_now() + 60)
    assert len(said) == 50
    left = sum(isinstance(outcome, NotPosted) for _, outcome in said)
    assert left == (50 - MAX_FAILURES if in_vain == MAX_FAILURES else 0)


async def test_a_message_waits_for_its_turn_and_its_time_runs_meanwhile() -> None:
    provider = FakeProvider()
    one, two = messages(2)
    late = Outgoing(
        id="late",
        attempt=1,
        encrypted_phone=two.encrypted_phone,
        body="",
        template="",
        language="zh",
        valid_for=600.0,
        delay=0.05,
    )
    began = monotonic_now()
    await Poster(provider, VAULT).post([one, late], began + 60, Records())
    assert [it.id for it in provider.posted] == ["0000", "late"]
    assert provider.posted[1].valid_for <= 600.0 - 0.05


async def test_a_phone_that_cannot_be_read_costs_its_own_message_only() -> None:
    provider = FakeProvider()
    sound = messages(3)
    broken = messages(1, encrypted_phone=b"nonsense")
    said = await outcomes_of(
        Poster(provider, VAULT), [*broken, *sound], monotonic_now() + 60
    )
    assert [type(outcome).__name__ for _, outcome in said].count("NotPosted") == 1
    assert len(provider.posted) == 3


class Hanging(FakeProvider):
    """Answers nobody until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    async def send(self, message: Outgoing) -> Outcome:
        self.posted.append(message)
        await self.released.wait()
        return Accepted(f"SM{message.id}")


async def test_the_next_group_is_begun_while_one_is_under_way_and_no_more() -> None:
    provider, records = Hanging(), Records()
    poster = Poster(provider, VAULT)
    posting = asyncio.create_task(
        poster.post(messages(100), monotonic_now() + 60, records)
    )
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(records.begun) == 2 * MAX_GROUP
    assert len(provider.posted) == MAX_IN_FLIGHT
    provider.released.set()
    assert (await posting).posted == 100


async def test_posts_without_an_answer_are_unknown_soon_after_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(post_round, "STOP_GRACE", 0.01)
    provider, records = Hanging(), Records()
    poster = Poster(provider, VAULT, is_stopping=lambda: bool(provider.posted))
    await poster.post(messages(100), monotonic_now() + 60, records)
    said = Counter(type(outcome) for _, outcome in records.outcomes)
    assert said == {Unknown: len(provider.posted), NotPosted: 100 - said[Unknown]}
    assert 0 < said[Unknown] <= MAX_IN_FLIGHT
    assert {one.failures for one in records.evidence} == {0}, "the stop was ours"


async def test_a_store_that_fails_ends_the_round_after_those_under_way() -> None:
    provider = FakeProvider()

    class Full(Records):
        async def __call__(
            self,
            outcomes: Sequence[tuple[Outgoing, Outcome]],
            evidence: PostEvidence,
            group: Sequence[Outgoing],
        ) -> list[str]:
            if outcomes and group:
                raise OSError("the disk is full")
            return await super().__call__(outcomes, evidence, group)

    records = Full()
    with pytest.raises(OSError, match="full"):
        await Poster(provider, VAULT).post(messages(100), monotonic_now() + 60, records)
    accepted = [one for one, it in records.outcomes if isinstance(it, Accepted)]
    assert len(accepted) == len(provider.posted) <= 2 * MAX_GROUP
    assert len(records.outcomes) == 100
    assert records.evidence[-1].answered, "what they say of the provider is not lost"
