"""The provider's later word: receipts as they come, or asked for; texts to us."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from service.domain.keywords import wish
from service.domain.outcome import Inbound, Receipt
from service.domain.status import RANK
from service.flow.ports import Clock, Phones, Provider, ReceiveStore, Vault
from service.flow.register import sealed
from service.flow.rows import Unconfirmed
from service.flow.stopping import Stopping, never

PATIENCE = timedelta(hours=72)
"""After this long without a final word nobody asks any more: some carriers never
return one (twilio.com/docs/messaging/guides/outbound-message-logging)."""

FETCHED, AT_ONCE = 100, 10
"""Messages a pass asks after one by one, and how many of them at the same time."""

PIECE = 200
"""Receipts a transaction."""

ANYWHERE = "ZZ"
"""No region: who writes to us comes with the whole number."""


async def receive(
    receipts: Sequence[Receipt], store: ReceiveStore, clock: Clock
) -> int:
    """Keep receipts and move their messages up; how many moved."""
    return await store.receive(receipts, clock.now())


async def hear(
    inbound: Inbound, store: ReceiveStore, phones: Phones, vault: Vault, clock: Clock
) -> bool:
    """Keep a text to us and honour STOP and START; False where heard before."""
    return await store.hear(
        inbound,
        sealed(phones.read(inbound.sender, ANYWHERE), vault),
        vault.seal(inbound.body, "inbounds.body"),
        partial(wish, inbound.body, inbound.opt_out),
        clock.now(),
    )


async def poll(
    provider: Provider,
    store: ReceiveStore,
    clock: Clock,
    grace: timedelta,
    stopping: Stopping = never,
) -> int:
    """Ask for the state of messages accepted longer than `grace` ago; how many moved.

    Callbacks get lost, and an office without a public address receives none. A word
    that says nothing new is not kept: nobody wants one at every pass.
    """
    if stopping():
        return 0
    now = clock.now()
    waiting = await store.unconfirmed(provider.name, now - grace, now - PATIENCE)
    ranks = {one.provider_id: one.rank for one in waiting}
    told = await _ask(provider, waiting, now, stopping) if waiting else []
    news = [one for one in told if await _is_news(one, ranks[one.provider_id], store)]
    moved = 0
    for at in range(0, len(news), PIECE):  # between two of them others may write
        moved += await receive(news[at : at + PIECE], store, clock)
    return moved


async def _ask(
    provider: Provider,
    waiting: Sequence[Unconfirmed],
    now: datetime,
    stopping: Stopping,
) -> list[Receipt]:
    """What the provider lists, and its word on some of those that it does not."""
    ids = [one.provider_id for one in waiting]
    since = min(one.posted_after for one in waiting)
    listed = await provider.fetch_many(ids, since)
    if listed is None:
        return []
    told = {one.provider_id: one for one in listed}
    missing = _turn([one for one in ids if one not in told], now)
    for at in range(0, len(missing), AT_ONCE):
        if stopping():
            break
        piece = missing[at : at + AT_ONCE]
        for one in await asyncio.gather(*map(provider.fetch, piece)):
            if one is not None:
                told[one.provider_id] = one
    return [told[one] for one in ids if one in told]


def _turn(missing: Sequence[str], now: datetime) -> Sequence[str]:
    """Whose turn it is: the oldest first, and where they are too many a draw besides.

    Without it, old ones that get no answer would keep the others from being asked.
    """
    if len(missing) <= FETCHED:
        return missing
    oldest, others = missing[: FETCHED // 2], missing[FETCHED // 2 :]
    draw = Random(now.timestamp())  # noqa: S311 - fair, not secret
    return [*oldest, *draw.sample(others, FETCHED - len(oldest))]


async def _is_news(told: Receipt, rank: int, store: ReceiveStore) -> bool:
    """Whether a word moves its message, or is one nobody knows and heard first now."""
    if told.state is None:
        return not await store.kept(told)
    return RANK[told.state] > rank
