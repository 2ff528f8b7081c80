"""Receipts in every order, each once, twice or not at all: they end in one state.

What is promised: a message is in the state of the highest rank that was ever reported,
and where providers contradict themselves within a rank (undelivered, failed) in the one
that came first. So as long as a provider has one final word, only the set of its
words matters, neither their order nor how often each comes, nor when our own record of
its answer is written. Its reminder follows from that state alone.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias, cast

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import messages, reminders
from service.adapters.store.sending.claim.claim_store import SqlClaimStore
from service.adapters.store.sending.receive import SqlReceiveStore
from service.domain.delivery.circuit import FIRST_WAIT
from service.domain.delivery.outcome import Accepted, RefusalKind
from service.domain.delivery.status import RANK, REMINDER_AFTER, MessageState
from service.flow.sending.provider import Outgoing
from tests.depth import by_depth
from tests.flow.fakes import DiedError
from tests.flow.ledger import PREPARE, Ledger, permit, word

M = MessageState
ANSWER = "our record of the answer"
Word: TypeAlias = MessageState | str | None
"""A status that a receipt tells, None for one nobody knows, or `ANSWER`."""

WORDS: tuple[Word, ...] = (
    *(M.ACCEPTED, M.SENT, M.DELIVERED, M.UNDELIVERED, M.FAILED, M.CANCELED, M.READ),
    None,
)
NEGATIVE = (M.UNDELIVERED, M.FAILED, M.CANCELED)
Fault: TypeAlias = tuple[str, RefusalKind]

FILTERED: Fault = ("30007", RefusalKind.BAD_CONTENT)
"""A code after which no new message follows."""

PASSING: Fault = ("30003", RefusalKind.RETRY_LATER)
"""One after which there is a second try."""

AMONG = by_depth(quick=(M.SENT, M.DELIVERED, M.FAILED, M.READ, None), deep=WORDS)
"""The words among which our own record of the answer may come."""

LONGEST = by_depth(quick=2, deep=4)
"""Receipts in a sequence: each more takes eight times as long."""


@dataclass(frozen=True)
class Within:
    """A database of which only one transaction is open: what is done can be undone."""

    connection: AsyncConnection

    @asynccontextmanager
    async def write(self, **_: object) -> AsyncIterator[AsyncConnection]:
        yield self.connection


@dataclass(frozen=True)
class Trying:
    """One message, and every sequence of words about it, each step undone again."""

    ledger: Ledger
    connection: AsyncConnection
    posted: Outgoing
    owner: str
    fault: Fault

    async def walk(
        self, choices: Sequence[Sequence[Word]], said: tuple[Word, ...] = ()
    ) -> AsyncIterator[tuple[tuple[Word, ...], tuple[str, str]]]:
        """Each sequence of one word of each choice, its beginnings too.

        With the states of the message and its reminder that it has come to.
        """
        for one in choices[0]:
            if one == ANSWER and ANSWER in said:
                continue
            step = await self.connection.begin_nested()
            await self._hear(one)
            yield (*said, one), await self._states()
            if choices[1:]:
                async for further in self.walk(choices[1:], (*said, one)):
                    yield further
            await step.rollback()

    async def _hear(self, one: Word) -> None:
        store, now = cast("Database", Within(self.connection)), self.ledger.clock.now()
        if one == ANSWER:
            recording = SqlClaimStore(store, self.ledger.vault, "fake", FIRST_WAIT)
            answer = [(self.posted, Accepted("SM1"))]
            progress = await self.ledger.progress(self.owner, outcomes=answer)
            await recording.record_and_begin(progress, now)
            return
        state = None if one is None else MessageState(one)
        code, kind = self.fault if state in NEGATIVE else (None, None)
        receipt = word(state, ref=self.posted.id, code=code, kind=kind)
        await SqlReceiveStore(store).receive([receipt], now)

    async def _states(self) -> tuple[str, str]:
        wanted = select(messages.c.state, reminders.c.state).join_from(
            messages, reminders, reminders.c.message_id == messages.c.id
        )
        message, reminder = (await self.connection.execute(wanted)).one()
        return message, reminder


def expected(said: Sequence[Word], begun: MessageState) -> MessageState:
    """The first word of the highest rank."""
    states = [M.ACCEPTED if one == ANSWER else one for one in said if one is not None]
    return max([begun, *map(MessageState, states)], key=RANK.__getitem__)


def reminder_of(message: MessageState, fault: Fault) -> str:
    """What a reminder is when its message is so."""
    if message in NEGATIVE and fault is PASSING:
        return "retrying"
    return REMINDER_AFTER.get(message, message)


@asynccontextmanager
async def trying(ledger: Ledger, fault: Fault) -> AsyncIterator[Trying]:
    """One message that was posted, and why it did not arrive, where it did not."""
    [posted] = ledger.provider.posted
    owner = ledger.message()["owner"]
    before = ledger.states()
    async with ledger.database.dry_run() as connection:
        yield Trying(ledger, connection, posted, owner, fault)
    assert ledger.states() == before, "all of it was undone"


@pytest.mark.deep
@pytest.mark.parametrize("fault", [FILTERED, PASSING], ids=["filtered", "passing"])
@pytest.mark.parametrize("first", WORDS, ids=str)
async def test_receipts_in_any_order_and_number_end_in_one_state(
    ledger: Ledger, first: Word, fault: Fault
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    tried = 0
    async with trying(ledger, fault) as to:
        choices = [[first], *[WORDS] * (LONGEST - 1)]
        async for said, (message, reminder) in to.walk(choices):
            tried += 1
            state = expected(said, M.ACCEPTED)
            assert (message, reminder) == (state, reminder_of(state, fault)), said
    assert tried == sum(len(WORDS) ** length for length in range(LONGEST))


@pytest.mark.deep
@pytest.mark.parametrize("fault", [FILTERED, PASSING], ids=["filtered", "passing"])
async def test_our_own_record_may_come_between_before_or_after_all_of_them(
    ledger: Ledger, fault: Fault
) -> None:
    ledger.provider.script = [DiedError()]
    await ledger.register(permit())
    with pytest.raises(DiedError):
        await ledger.send_at(PREPARE)
    tried = 0
    async with trying(ledger, fault) as to:
        async for said, (message, reminder) in to.walk([[*AMONG, ANSWER]] * 3):
            tried += ANSWER in said
            state = expected(said, M.SENDING)
            assert (message, reminder) == (state, reminder_of(state, fault)), said
    assert tried == 1 + 2 * len(AMONG) + 3 * len(AMONG) ** 2


@pytest.mark.deep
@pytest.mark.parametrize("length", range(1, LONGEST + 1))
def test_the_order_of_receipts_matters_only_where_they_contradict_each_other(
    length: int,
) -> None:
    """So that what is expected above is no more than what is promised."""
    ends: defaultdict[frozenset[Word], set[MessageState]] = defaultdict(set)
    for said in product(WORDS, repeat=length):
        ends[frozenset(said)].add(expected(said, M.ACCEPTED))
    for words, states in ends.items():
        failures = words & {*NEGATIVE}
        contradicting = len(failures) > 1 and not words & {M.DELIVERED, M.READ}
        assert states == failures if contradicting else len(states) == 1, words
