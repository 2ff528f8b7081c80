"""Receive receipts and inbound texts, and poll for receipts that did not come."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from service.domain.delivery.outcome import Inbound, Receipt, UnknownId
from service.domain.delivery.status import RANK, MessageState
from service.domain.messages.keywords import OptOutIntent, read_intent
from service.flow.permits.encryption import INBOUND_COLUMN, Recipient
from service.flow.permits.phone_reader import PhoneReader
from service.flow.ports import Clock, Vault
from service.flow.sending.provider import Provider
from service.flow.stop_signal import StopSignal, never_stop

MAX_POLL_AGE = timedelta(days=30)
"""A message this old without a final receipt is polled no more: some carriers never
return one (twilio.com/docs/messaging/guides/outbound-message-logging)."""

LAST_POLL_AGE = MAX_POLL_AGE - timedelta(days=1)
"""At this age each message is polled a last time: it may have a receipt by now."""

KNOWN_AFTER = timedelta(hours=1)
"""By this age a provider knows each message that it accepted. Twilio does at once."""

LIST_WINDOW = timedelta(hours=72)
"""How far back a provider's list is read; older messages are polled one by one."""

FETCHED, AT_ONCE = 100, 10
"""Messages that one pass polls one by one, and how many of them at once."""

RECEIPTS_PER_TRANSACTION = 200
"""Receipts in one transaction."""

NO_REGION = "ZZ"
"""The region "unknown": the sender of an inbound text has a full number."""


ReceiptStatus = tuple[MessageState, str | None]
"""The state that a receipt reports, and the error code of a failure."""


@dataclass(frozen=True, slots=True)
class UnconfirmedMessage:
    """An accepted message without a final receipt.

    `posted_after` is on the database's clock.
    """

    id: str
    accepted_at: datetime
    provider_id: str
    rank: int
    posted_after: datetime


class ReceiveStore(Protocol):
    """Receipts and inbound texts."""

    async def receive(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """Store each receipt raw, move messages up their rank; count those moved."""

    async def receive_inbound(
        self,
        inbound: Inbound,
        sender: Recipient,
        encrypted_body: bytes,
        read_intent: Callable[[str | None], OptOutIntent | None],
        now: datetime,
    ) -> bool:
        """Store an inbound text and apply its intent; False if it was received before.

        `read_intent` gets the last text sent to that phone. The phone is stored even if
        no register has it, so that a person can opt it out before one brings it. A
        phone that writes is reachable again.
        """

    async def receipts_of(
        self, provider: str, ids: Collection[str]
    ) -> Mapping[str, set[ReceiptStatus]]:
        """The statuses received for each id, a provider's or ours.

        Has no entry for an id that belongs to no message.
        """

    async def count_without_receipt(self) -> int:
        """Count accepted messages without any receipt."""

    async def list_unconfirmed(
        self, provider: str, now: datetime, min_age: timedelta, max_age: timedelta
    ) -> Sequence[UnconfirmedMessage]:
        """List messages accepted `min_age` to `max_age` ago without a final receipt.

        Only those whose next poll is due; the one that is due longest comes first.
        """

    async def schedule_polls(self, polls: Sequence[tuple[str, datetime]]) -> None:
        """Store when to poll next for each message, by our ids."""

    async def report_unknown_ids(
        self, message_ids: Collection[str], now: datetime
    ) -> None:
        """Mark accepted messages whose id the provider does not know, with an alarm.

        Does nothing for a message that is marked already, or has moved on.
        """

    async def is_known_receipt(self, receipt: Receipt) -> bool:
        """Whether an equal receipt of its message is stored already."""


async def receive(
    receipts: Sequence[Receipt], store: ReceiveStore, clock: Clock
) -> int:
    """Store receipts and move their messages up; count those moved."""
    return await store.receive(receipts, clock.now())


async def receive_inbound(
    inbound: Inbound,
    store: ReceiveStore,
    phone_reader: PhoneReader,
    vault: Vault,
    clock: Clock,
) -> bool:
    """Store an inbound text, apply STOP and START; False if received before."""
    return await store.receive_inbound(
        inbound,
        phone_reader.read(inbound.sender, NO_REGION),
        vault.encrypt(inbound.body, INBOUND_COLUMN),
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
    """Poll for receipts of messages accepted `min_age` ago; count those moved.

    Callbacks get lost, and an office without a public address receives none. A message
    is polled again when it has waited twice as long. A receipt without news is not
    stored: there would be one at every pass.
    """
    if is_stopping():
        return 0
    now = clock.now()
    waiting = await store.list_unconfirmed(provider.name, now, min_age, MAX_POLL_AGE)
    asked = await _fetch_receipts(provider, waiting, is_stopping) if waiting else {}
    news = [
        receipt
        for message, receipt in asked.items()
        if isinstance(receipt, Receipt) and await _is_news(receipt, message.rank, store)
    ]
    if unknown := _unknown_ids(asked, now):
        await store.report_unknown_ids(unknown, now)
    moved = 0
    # Several transactions, so that other writers get in between.
    for at in range(0, len(news), RECEIPTS_PER_TRANSACTION):
        moved += await receive(news[at : at + RECEIPTS_PER_TRANSACTION], store, clock)
    again = [(one.id, _next_poll_at(one.accepted_at, now)) for one in asked]
    for at in range(0, len(again), RECEIPTS_PER_TRANSACTION):
        await store.schedule_polls(again[at : at + RECEIPTS_PER_TRANSACTION])
    return moved


def _unknown_ids(
    asked: Mapping[UnconfirmedMessage, Receipt | UnknownId | None], now: datetime
) -> list[str]:
    """Our ids of messages that the provider should know by now, and does not."""
    return [
        message.id
        for message, answer in asked.items()
        if isinstance(answer, UnknownId) and now - message.accepted_at >= KNOWN_AFTER
    ]


def _next_poll_at(accepted_at: datetime, now: datetime) -> datetime:
    """When to poll for a message next: once it has waited twice as long."""
    doubled, last = now + (now - accepted_at), accepted_at + LAST_POLL_AGE
    return doubled if now >= last else min(doubled, last)


async def _fetch_receipts(
    provider: Provider, waiting: Sequence[UnconfirmedMessage], is_stopping: StopSignal
) -> Mapping[UnconfirmedMessage, Receipt | UnknownId | None]:
    """Fetch receipts from the provider's list, and some of the missing ones singly.

    Messages that were not asked about are left out; None means that one could not be
    fetched.
    """
    since = max(one.posted_after for one in waiting) - LIST_WINDOW
    recent = [one for one in waiting if one.posted_after >= since]
    listed = await provider.fetch_receipts(
        [one.provider_id for one in recent], min(one.posted_after for one in recent)
    )
    if listed is None:
        return {}
    receipts = {one.provider_id: one for one in listed}
    asked: dict[UnconfirmedMessage, Receipt | UnknownId | None] = {
        one: receipts[one.provider_id] for one in waiting if one.provider_id in receipts
    }
    missing = [one for one in waiting if one not in asked][:FETCHED]
    for at in range(0, len(missing), AT_ONCE):
        if is_stopping():
            break
        chunk = missing[at : at + AT_ONCE]
        fetched = await asyncio.gather(
            *(provider.fetch_receipt(one.provider_id) for one in chunk)
        )
        asked |= dict(zip(chunk, fetched, strict=True))
    return asked


async def _is_news(receipt: Receipt, rank: int, store: ReceiveStore) -> bool:
    """Whether it moves its message, or has an unknown state for the first time."""
    if receipt.state is None:
        return not await store.is_known_receipt(receipt)
    return RANK[receipt.state] > rank
