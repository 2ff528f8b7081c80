"""Receipts in one transaction leave the rows that they leave one by one."""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import cast

import pytest
from sqlalchemy import RowMapping, event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.sending.outcomes.provider_status import apply_receipt
from service.adapters.store.sending.receive import SqlReceiveStore
from service.domain.delivery.outcome import Receipt, RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from tests.depth import by_depth
from tests.flow.ledger import PHONE_1, PHONE_2, PREPARE, Ledger, permit, word

M, K = MessageState, RefusalKind
HOUR = timedelta(hours=1)

FAULTS = (
    *((K.RETRY_LATER, "30003"), (K.BAD_NUMBER, "30005"), (K.OPTED_OUT, "30004")),
    *((K.BAD_CONTENT, "30007"), (K.ACCOUNT, "30034")),
)
GOOD = (M.ACCEPTED, M.SENT, M.SENT, M.DELIVERED, M.DELIVERED, M.DELIVERED, M.READ)
FAILED = (M.UNDELIVERED, M.FAILED, M.CANCELED)

TABLES = {
    "messages": "id",
    "reminders": "permit_id, expires_on, step",
    "receipts": "id",
    "reminder_events": "permit_id, expires_on, step, id",
    "recipients": "id",
    "actions": "id",
    "pauses": "scope",
}
"""The tables that receipts change, and the order in which rows are compared."""


@dataclass(frozen=True)
class Within:
    """A database of which only one transaction is open: what is done can be undone."""

    connection: AsyncConnection

    @asynccontextmanager
    async def write(self, **_: object) -> AsyncIterator[AsyncConnection]:
        yield self.connection


@dataclass(frozen=True)
class Trial:
    """An office whose messages are in all states, in a transaction to be undone."""

    ledger: Ledger
    connection: AsyncConnection
    ids: Mapping[str, str]

    async def together(self, received: Sequence[Receipt]) -> int:
        """Receive in one transaction, as the service does; count what moved."""
        store = SqlReceiveStore(cast("Database", Within(self.connection)))
        return await store.receive(received, self.ledger.clock.now())

    async def one_by_one(self, received: Sequence[Receipt]) -> int:
        """Apply each receipt by itself; count what moved."""
        now = self.ledger.clock.now()
        return sum([await apply_receipt(self.connection, one, now) for one in received])

    async def outcome_of(
        self,
        receive: Callable[[Sequence[Receipt]], Awaitable[int]],
        batch: list[Receipt],
    ) -> tuple[int, object]:
        """How many receipts move, and which rows they leave; undone again."""
        step = await self.connection.begin_nested()
        moved = await receive(batch)
        rows = {
            table: [
                _without_event_id(table, row)
                for row in (
                    await self.connection.execute(
                        text(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 - ours
                    )
                ).mappings()
            ]
            for table, order in TABLES.items()
        }
        await step.rollback()
        return moved, rows

    def draw(self, rng: Random, count: int) -> list[Receipt]:
        """Receipts about any of the messages, most of them good news."""
        return [self._draw_one(rng) for _ in range(count)]

    def _draw_one(self, rng: Random) -> Receipt:
        provider_id = rng.choice([*self.ids, *[*self.ids][6:] * 3, "SM99"])
        ref = rng.choice([None, self.ids.get(provider_id)] * 9 + [*self.ids.values()])
        if rng.random() < 0.8:
            return word(rng.choice(GOOD), provider_id, ref=ref)
        kind, code = rng.choice([*FAULTS, (None, None)])
        state = rng.choice([*FAILED, M.SENT, M.DELIVERED, None])
        return word(state, provider_id, ref=ref, kind=kind, code=code)

    async def lose_a_phone(self, rng: Random) -> None:
        """Mark the phone of one of the messages as unreachable."""
        await self.connection.execute(
            text(
                "UPDATE recipients SET unreachable_at = '2024-09-19', "
                "unreachable_by = '30005' WHERE id = (SELECT recipient_id "
                "FROM messages WHERE provider_id = :provider_id)"
            ),
            {"provider_id": rng.choice([*self.ids])},
        )


def _without_event_id(table: str, row: RowMapping) -> dict[str, object]:
    """The row; ids of events only order those of one reminder."""
    left_out = {"id"} if table == "reminder_events" else set()
    return {name: value for name, value in row.items() if name not in left_out}


async def in_all_states(ledger: Ledger) -> dict[str, str]:
    """Send messages that end in different states; their ids by the provider's."""
    await ledger.register(
        *(permit(f"SC-000{at}", phones=(PHONE_1, PHONE_2)) for at in (1, 2)),
        *(permit(f"SC-01{at:02}") for at in range(12)),
        permit("SC-0020", phones=(PHONE_2,)),
    )
    ledger.provider.script = [Refused(K.BAD_NUMBER, "21211", "HTTP 400")]
    ledger.provider.script += [Unknown("timeout")] * 2
    await ledger.send_at(PREPARE)
    taken = [one.provider_id for one in ledger.provider.taken]
    await ledger.receive(word(M.UNDELIVERED, taken[0], kind=K.RETRY_LATER, code="1"))
    await ledger.receive(word(M.UNDELIVERED, taken[1], kind=K.BAD_NUMBER, code="30005"))
    await ledger.receive(word(M.DELIVERED, taken[2]), word(M.SENT, taken[3]))
    await ledger.expand(PREPARE + HOUR)
    await ledger.claim()
    posted = {one.id: f"SM{at + 1}" for at, one in enumerate(ledger.provider.posted)}
    return {provider_id: message_id for message_id, provider_id in posted.items()}


@asynccontextmanager
async def trial_of(ledger: Ledger) -> AsyncIterator[Trial]:
    ids = await in_all_states(ledger)
    async with ledger.database.dry_run() as connection:
        yield Trial(ledger, connection, ids)


@pytest.mark.deep
async def test_a_batch_leaves_the_same_rows_as_its_receipts_one_by_one(
    ledger: Ledger,
) -> None:
    moved = 0
    async with trial_of(ledger) as trial:
        for seed in range(by_depth(quick=10, deep=200)):
            rng = Random(seed)  # noqa: S311 - the same in every run
            step = await trial.connection.begin_nested()
            history = trial.draw(rng, rng.randrange(5))
            await trial.one_by_one(history)
            await trial.lose_a_phone(rng)
            batch = trial.draw(rng, rng.randrange(2, 16))
            together = await trial.outcome_of(trial.together, batch)
            one_by_one = await trial.outcome_of(trial.one_by_one, batch)
            assert together == one_by_one, (seed, history, batch)
            moved += together[0]
            await step.rollback()
    assert moved > 0


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is said to the writer."""
    said = list[str]()
    writer = database._writer.sync_engine  # noqa: SLF001 - what it says to SQLite

    def hear(*args: object) -> None:
        said.append(str(args[2]))

    event.listen(writer, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(writer, "before_cursor_execute", hear)


async def accepted(ledger: Ledger, count: int) -> list[str]:
    """Send so many messages; the provider's ids."""
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, count + 1)))
    assert await ledger.send_at(PREPARE) == count
    return [one.provider_id for one in ledger.provider.taken]


async def test_good_news_takes_as_many_statements_for_forty_receipts_as_for_two(
    ledger: Ledger,
) -> None:
    await accepted(ledger, 21)
    taken, counts = ledger.provider.taken, list[int]()
    for some in (taken[:1], taken[1:]):
        received = [
            word(state, one.provider_id, ref=one.ref)
            for one in some
            for state in (M.SENT, M.DELIVERED)
        ]
        with statements(ledger.database) as said:
            assert await ledger.receive(*received) == 2 * len(some)
        counts.append(len(said))
    assert counts[0] == counts[1]
    assert await ledger.audit() == []


async def test_a_failure_among_good_news_is_applied_in_its_place(
    ledger: Ledger,
) -> None:
    ids = await accepted(ledger, 4)
    failed = word(M.UNDELIVERED, ids[1], kind=K.RETRY_LATER, code="30003")
    received = [
        *(word(M.DELIVERED, ids[0]), failed, word(M.DELIVERED, ids[2])),
        *(word(M.SENT, ids[1]), word(M.DELIVERED, ids[1]), word(M.READ, ids[3])),
    ]
    assert await ledger.receive(*received) == 5
    rows = ledger.rows("SELECT provider_id, state, moved FROM receipts ORDER BY id")
    assert [(row["provider_id"], row["state"], row["moved"]) for row in rows] == [
        *((ids[0], "delivered", 1), (ids[1], "undelivered", 1)),
        *((ids[2], "delivered", 1), (ids[1], "sent", 0)),
        *((ids[1], "delivered", 1), (ids[3], "read", 1)),
    ]
    assert await ledger.audit() == []


async def test_the_receipts_of_one_message_in_one_batch_keep_their_order(
    ledger: Ledger,
) -> None:
    [sid] = await accepted(ledger, 1)
    states = (M.SENT, M.DELIVERED, M.SENT, M.DELIVERED, M.READ)
    assert await ledger.receive(*(word(state, sid) for state in states)) == 3
    rows = ledger.rows("SELECT state, moved FROM receipts ORDER BY id")
    assert [row["moved"] for row in rows] == [1, 1, 0, 0, 1]
    assert [row["state"] for row in rows] == [str(state) for state in states]
    assert ledger.states() == ["read"]
    events = ledger.rows("SELECT state FROM reminder_events ORDER BY id")
    assert [row["state"] for row in events] == ["sending", "sent", "delivered"]
    assert await ledger.audit() == []
