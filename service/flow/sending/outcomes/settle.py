"""Settle unknown outcomes by what the provider lists.

A message that is listed was accepted. One that is not listed was not accepted, but only
a second look proves that, at least `settle_after` after the last moment at which its
owner could have POSTed it.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from random import sample
from typing import Protocol

from service.domain.delivery.circuit import MAX_FAILURES
from service.domain.delivery.outcome import ListedMessage, Receipt
from service.domain.delivery.status import ACCEPTED_BUT_FAILED, MessageState
from service.domain.delivery.unknown_outcome import absence_proven_at
from service.domain.errors import SetUpError
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.ports import Clock, Vault
from service.flow.sending.provider import OpenMessage, Provider
from service.flow.stop_signal import StopSignal, never_stop

log = logging.getLogger(__name__)


class SettleStore(Protocol):
    """Messages with an unknown outcome, and what the provider lists of them."""

    async def count_open(self) -> int:
        """Count messages that are under way or have an unknown outcome."""

    async def list_uncertain(self) -> list[OpenMessage]:
        """List messages with an unknown outcome, oldest first.

        Leaves out those with an equal text to the same phone still under way: what the
        provider lists may be that one.
        """

    async def already_bound(
        self, provider: str, provider_ids: Collection[str]
    ) -> Mapping[str, tuple[str, str]]:
        """Map these ids of a provider to the recipient and text of their messages."""

    async def bind_listed(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """Bind listed messages to ours, each by the `message_id` of its receipt.

        Does nothing if one of them has an outcome, or an equal text is under way.
        """

    async def note_absence(
        self, message: OpenMessage, *, is_proof: bool, now: datetime
    ) -> None:
        """Note that the provider does not list it; with proof, requeue its reminders.

        Happens once for each reminder; after that, proof leaves it to an operator.
        """


async def settle(
    store: SettleStore,
    *,
    provider: Provider,
    vault: Vault,
    clock: Clock,
    settle_after: timedelta,
    is_stopping: StopSignal = never_stop,
) -> None:
    """Ask the provider about each unknown outcome, and settle those that it proves.

    Stops after several failed requests in a row, so that sending does not wait for a
    list that hangs. The next pass asks in another order.
    """
    uncertain, failures = await store.list_uncertain(), 0
    alike = _group_twins(uncertain, by_id=provider.finds_by_our_id)
    for twins in sample(alike, len(alike)):
        if is_stopping() or failures == MAX_FAILURES:
            return
        phone = _phone_of(twins[0], vault)
        if phone is None:
            continue
        listed = await provider.find(twins[0], phone)
        if listed is None:
            failures += 1
            continue
        failures = 0
        found = await _find_listed(twins, listed, store)
        if found is not None and len(found) == len(twins):
            await store.bind_listed(
                _binding_receipts(twins, found, provider.name), clock.now()
            )
        elif found == []:
            await _note_absence(twins, store, clock, settle_after)


def _phone_of(message: OpenMessage, vault: Vault) -> str | None:
    try:
        return vault.decrypt(message.encrypted_phone, PHONE_COLUMN)
    except SetUpError:
        log.exception("message %s: its phone cannot be read", message.id)
        return None


async def _find_listed(
    twins: list[OpenMessage], listed: Sequence[ListedMessage], store: SettleStore
) -> list[ListedMessage] | None:
    """The listed messages that may be these equal ones, oldest first.

    None if the list proves nothing: it has a text to this phone that no message of ours
    has, or this text under an id that belongs to another message.
    """
    bound = await store.already_bound(
        twins[0].provider, [one.provider_id for one in listed]
    )
    wanted = (twins[0].recipient_id, twins[0].body)
    if any(
        one.same_text and bound.get(one.provider_id, wanted) != wanted for one in listed
    ):
        return None
    free = [one for one in listed if one.provider_id not in bound]
    equal = [one for one in free if one.same_text]
    if free and not equal:
        return None
    return sorted(equal, key=lambda one: one.created_at)


async def _note_absence(
    twins: list[OpenMessage], store: SettleStore, clock: Clock, settle_after: timedelta
) -> None:
    for message in twins:
        noted_at, asked_at = message.absent_at, message.asked_at
        proven_at = absence_proven_at(
            message.lease_until, noted_at, asked_at, settle_after
        )
        is_proof = noted_at is not None and asked_at >= proven_at
        await store.note_absence(message, is_proof=is_proof, now=clock.now())


def _binding_receipts(
    twins: list[OpenMessage], found: list[ListedMessage], provider: str
) -> list[Receipt]:
    """Receipts of listed messages; a failed one counts as accepted for now.

    What follows a failure depends on its reason, which a list does not have. Polling
    gets both.
    """
    return [
        Receipt(
            provider=provider,
            provider_id=listed.provider_id,
            state=_accepted_state(listed.state),
            raw={"found": listed.created_at.isoformat()},
            message_id=message.id,
        )
        for message, listed in zip(twins, found, strict=True)
    ]


def _accepted_state(state: MessageState) -> MessageState:
    return MessageState.ACCEPTED if state in ACCEPTED_BUT_FAILED else state


def _group_twins(
    messages: Iterable[OpenMessage], *, by_id: bool
) -> list[list[OpenMessage]]:
    """Group messages by recipient and text; singly if the provider finds our ids."""

    def key(one: OpenMessage) -> tuple[str, ...]:
        return (one.id,) if by_id else (one.recipient_id, one.body)

    return [list(group) for _, group in groupby(sorted(messages, key=key), key=key)]
