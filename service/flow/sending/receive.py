"""The provider's later word: receipts as they come, or asked for; texts to us."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from service.domain.delivery.outcome import Inbound, Receipt
from service.domain.delivery.status import RANK, MessageState
from service.domain.messages.keywords import OptOutIntent, read_intent
from service.flow.permits.encryption import Recipient
from service.flow.permits.phone_reader import PhoneReader
from service.flow.ports import Clock, Vault
from service.flow.sending.provider import Provider
from service.flow.stop_signal import StopSignal, never_stop

MAX_POLL_AGE = timedelta(days=30)
"""After this long without a final word nobody asks any more: some carriers never
return one (twilio.com/docs/messaging/guides/outbound-message-logging)."""

LAST_POLL_AGE = MAX_POLL_AGE - timedelta(days=1)
"""By then each is asked after once more: what had no answer before may have one."""

LIST_WINDOW = timedelta(hours=72)
"""How far back a provider's list is read: what is older is asked after one by one."""

FETCHED, AT_ONCE = 100, 10
"""Messages a pass asks after one by one, and how many of them at the same time."""

RECEIPTS_PER_TRANSACTION = 200
"""Receipts a transaction."""

NO_REGION = "ZZ"
"""No region: who writes to us comes with the whole number."""


ReceiptStatus = tuple[MessageState, str | None]
"""What a receipt said of a message: where it stands, and a code where it failed."""


@dataclass(frozen=True, slots=True)
class UnconfirmedMessage:
    """A message accepted without a final word; `posted_after` is the database's."""

    id: str
    accepted_at: datetime
    provider_id: str
    rank: int
    posted_after: datetime


class ReceiveStore(Protocol):
    """The provider's later word."""

    async def receive(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """Keep each receipt raw; move messages up their rank; how many moved."""

    async def receive_inbound(
        self,
        inbound: Inbound,
        sender: Recipient,
        encrypted_body: bytes,
        read_intent: Callable[[str | None], OptOutIntent | None],
        now: datetime,
    ) -> bool:
        """Keep a text to us and heed its wish; False where it came before.

        `wish` reads it, given our last text to that phone. Who asks to stop is
        remembered, whether any register knows the phone or not. A phone that writes
        can be reached again.
        """

    async def receipts_of(
        self, provider: str, ids: Collection[str]
    ) -> Mapping[str, set[ReceiptStatus]]:
        """Of those ids, the provider's or ours, that are messages': what was received.

        An id that is missing is no message's.
        """

    async def count_without_receipt(self) -> int:
        """How many accepted messages the provider has said nothing of since."""

    async def list_unconfirmed(
        self, provider: str, now: datetime, min_age: timedelta, max_age: timedelta
    ) -> Sequence[UnconfirmedMessage]:
        """Without a final word for longer than `grace`, and not yet for `patience`.

        Of what was asked after before, only what is to be asked after again by now;
        who has waited longest for that comes first.
        """

    async def schedule_polls(self, polls: Sequence[tuple[str, datetime]]) -> None:
        """Keep when messages, by our ids, are to be asked after next."""

    async def is_known_receipt(self, receipt: Receipt) -> bool:
        """Whether this very word on its message has been kept before."""


async def receive(
    receipts: Sequence[Receipt], store: ReceiveStore, clock: Clock
) -> int:
    """Keep receipts and move their messages up; how many moved."""
    return await store.receive(receipts, clock.now())


async def receive_inbound(
    inbound: Inbound,
    store: ReceiveStore,
    phone_reader: PhoneReader,
    vault: Vault,
    clock: Clock,
) -> bool:
    """Keep a text to us and honour STOP and START; False where heard before."""
    return await store.receive_inbound(
        inbound,
        phone_reader.read(inbound.sender, NO_REGION),
        vault.encrypt(inbound.body, "inbounds.body"),
        partial(read_intent, inbound.body, inbound.opt_out),
        clock.now(),
    )


async def poll_receipts(
    provider: Provider,
    store: ReceiveStore,
    clock: Clock,
    min_age: timedelta,
    is_stopping: StopSignal = never_stop,
) -> int:
    """Ask for the state of messages accepted longer than `grace` ago; how many moved.

    Callbacks get lost, and an office without a public address receives none. Each is
    asked after again when it has waited for twice as long. A word that says nothing
    new is not kept: nobody wants one at every pass.
    """
    if is_stopping():
        return 0
    now = clock.now()
    waiting = await store.list_unconfirmed(provider.name, now, min_age, MAX_POLL_AGE)
    asked = await _fetch_receipts(provider, waiting, is_stopping) if waiting else {}
    news = [
        told
        for one, told in asked.items()
        if told is not None and await _is_news(told, one.rank, store)
    ]
    moved = 0
    for at in range(
        0, len(news), RECEIPTS_PER_TRANSACTION
    ):  # between two of them others may write
        moved += await receive(news[at : at + RECEIPTS_PER_TRANSACTION], store, clock)
    again = [(one.id, _next_poll_at(one.accepted_at, now)) for one in asked]
    for at in range(0, len(again), RECEIPTS_PER_TRANSACTION):
        await store.schedule_polls(again[at : at + RECEIPTS_PER_TRANSACTION])
    return moved


def _next_poll_at(accepted_at: datetime, now: datetime) -> datetime:
    """When a message is asked after next: when it has waited for twice as long."""
    doubled, last = now + (now - accepted_at), accepted_at + LAST_POLL_AGE
    return doubled if now >= last else min(doubled, last)


async def _fetch_receipts(
    provider: Provider, waiting: Sequence[UnconfirmedMessage], is_stopping: StopSignal
) -> Mapping[UnconfirmedMessage, Receipt | None]:
    """The provider's word on what it lists, and on some that it does not.

    Those left out were not asked after; of a None there was no word.
    """
    since = max(one.posted_after for one in waiting) - LIST_WINDOW
    recent = [one for one in waiting if one.posted_after >= since]
    listed = await provider.fetch_receipts(
        [one.provider_id for one in recent], min(one.posted_after for one in recent)
    )
    if listed is None:
        return {}
    words = {one.provider_id: one for one in listed}
    asked: dict[UnconfirmedMessage, Receipt | None] = {
        one: words[one.provider_id] for one in waiting if one.provider_id in words
    }
    missing = [one for one in waiting if one not in asked][:FETCHED]
    for at in range(0, len(missing), AT_ONCE):
        if is_stopping():
            break
        piece = missing[at : at + AT_ONCE]
        told = await asyncio.gather(
            *(provider.fetch_receipt(it.provider_id) for it in piece)
        )
        asked |= dict(zip(piece, told, strict=True))
    return asked


async def _is_news(receipt: Receipt, rank: int, store: ReceiveStore) -> bool:
    """Whether a word moves its message, or is one nobody knows and heard first now."""
    if receipt.state is None:
        return not await store.is_known_receipt(receipt)
    return RANK[receipt.state] > rank
