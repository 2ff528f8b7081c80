"""The provider's later word: receipts as they come, or asked for; texts to us."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from service.domain.delivery.outcome import Inbound, Receipt
from service.domain.delivery.status import RANK
from service.domain.messages.keywords import wish
from service.flow.permits.register import sealed
from service.flow.ports import Clock, Phones, Provider, ReceiveStore, Vault
from service.flow.rows import Unconfirmed
from service.flow.stop_signal import Stopping, never

PATIENCE = timedelta(days=30)
"""After this long without a final word nobody asks any more: some carriers never
return one (twilio.com/docs/messaging/guides/outbound-message-logging)."""

LAST = PATIENCE - timedelta(days=1)
"""By then each is asked after once more: what had no answer before may have one."""

LISTED = timedelta(hours=72)
"""How far back a provider's list is read: what is older is asked after one by one."""

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

    Callbacks get lost, and an office without a public address receives none. Each is
    asked after again when it has waited for twice as long. A word that says nothing
    new is not kept: nobody wants one at every pass.
    """
    if stopping():
        return 0
    now = clock.now()
    waiting = await store.unconfirmed(provider.name, now, grace, PATIENCE)
    asked = await _ask(provider, waiting, stopping) if waiting else {}
    news = [
        told
        for one, told in asked.items()
        if told is not None and await _is_news(told, one.rank, store)
    ]
    moved = 0
    for at in range(0, len(news), PIECE):  # between two of them others may write
        moved += await receive(news[at : at + PIECE], store, clock)
    again = [(one.id, _again_at(one.accepted_at, now)) for one in asked]
    for at in range(0, len(again), PIECE):
        await store.ask_again(again[at : at + PIECE])
    return moved


def _again_at(accepted_at: datetime, now: datetime) -> datetime:
    """When a message is asked after next: when it has waited for twice as long."""
    doubled, last = now + (now - accepted_at), accepted_at + LAST
    return doubled if now >= last else min(doubled, last)


async def _ask(
    provider: Provider, waiting: Sequence[Unconfirmed], stopping: Stopping
) -> Mapping[Unconfirmed, Receipt | None]:
    """The provider's word on what it lists, and on some that it does not.

    Those left out were not asked after; of a None there was no word.
    """
    since = max(one.posted_after for one in waiting) - LISTED
    recent = [one for one in waiting if one.posted_after >= since]
    listed = await provider.fetch_many(
        [one.provider_id for one in recent], min(one.posted_after for one in recent)
    )
    if listed is None:
        return {}
    words = {one.provider_id: one for one in listed}
    asked: dict[Unconfirmed, Receipt | None] = {
        one: words[one.provider_id] for one in waiting if one.provider_id in words
    }
    missing = [one for one in waiting if one not in asked][:FETCHED]
    for at in range(0, len(missing), AT_ONCE):
        if stopping():
            break
        piece = missing[at : at + AT_ONCE]
        told = await asyncio.gather(*(provider.fetch(it.provider_id) for it in piece))
        asked |= dict(zip(piece, told, strict=True))
    return asked


async def _is_news(told: Receipt, rank: int, store: ReceiveStore) -> bool:
    """Whether a word moves its message, or is one nobody knows and heard first now."""
    if told.state is None:
        return not await store.kept(told)
    return RANK[told.state] > rank
