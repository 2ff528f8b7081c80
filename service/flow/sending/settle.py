"""Deciding unknown outcomes: never blindly again, never forgotten.

The provider's list proves absence only when asked twice, the second time at least
`settle` after the last moment the owner could have POSTed.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from random import sample
from typing import Protocol

from service.domain.delivery.outcome import ListedMessage, Receipt
from service.domain.delivery.status import ACCEPTED_BUT_FAILED as REACHED_NOBODY
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import absence_proven_at
from service.domain.errors import SetUpError
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.ports import Clock, Vault
from service.flow.sending.post import MAX_CONSECUTIVE_FAILURES
from service.flow.sending.provider import OpenMessage, Provider
from service.flow.stop_signal import StopSignal, never_stop

log = logging.getLogger(__name__)


class SettleStore(Protocol):
    """Deciding unknown outcomes."""

    async def expire_leases(self, now: datetime) -> int:
        """Messages whose owner's lease ended unrecorded become uncertain."""

    async def count_open(self) -> int:
        """How many messages are under way or unknown."""

    async def list_uncertain(self) -> list[OpenMessage]:
        """The messages whose outcome is unknown, oldest first.

        Not those with one alike still under way: what is listed may be its.
        """

    async def already_bound(
        self, provider: str, provider_ids: Collection[str]
    ) -> Mapping[str, tuple[str, str]]:
        """Recipient and text of the messages that these ids of a provider belong to."""

    async def bind_listed(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """Bind what a list showed to these messages, each by its `ref`.

        Nothing happens where one of them is decided meanwhile, or one alike under way.
        """

    async def note_absence(
        self, message: OpenMessage, *, is_proof: bool, now: datetime
    ) -> None:
        """Note that the provider does not list it; with proof, return its reminders.

        They return to due once; a second proof leaves them to the operator.
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
    """Ask the provider about every unknown outcome and decide those it proves.

    One that cannot be asked several times in a row is left alone until the next pass,
    which asks in another order: sending does not wait for a list that hangs.
    """
    await store.expire_leases(clock.now())
    open_, in_vain = await store.list_uncertain(), 0
    alike = _group_twins(open_, by_id=provider.finds_by_our_id)
    for twins in sample(alike, len(alike)):
        if is_stopping() or in_vain == MAX_CONSECUTIVE_FAILURES:
            return
        phone = _phone_of(twins[0], vault)
        if phone is None:
            continue
        listed = await provider.find(twins[0], phone)
        if listed is None:
            in_vain += 1
            continue
        in_vain = 0
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
    """What a provider lists for messages alike and nobody else has, oldest first.

    None where that is no evidence: it lists a text to this phone that is neither ours
    nor another message's, or ours under an id that it has named for another message.
    """
    bound = await store.already_bound(
        twins[0].provider, [one.provider_id for one in listed]
    )
    mine = (twins[0].recipient_id, twins[0].body)
    if any(
        one.same_text and bound.get(one.provider_id, mine) != mine for one in listed
    ):
        return None
    free = [one for one in listed if one.provider_id not in bound]
    ours = [one for one in free if one.same_text]
    if free and not ours:
        return None
    return sorted(ours, key=lambda one: one.created_at)


async def _note_absence(
    twins: list[OpenMessage], store: SettleStore, clock: Clock, settle_after: timedelta
) -> None:
    for message in twins:
        noted_at, asked_at = message.absent_at, message.asked_at
        ripe_at = absence_proven_at(
            message.lease_until, noted_at, asked_at, settle_after
        )
        proof = noted_at is not None and asked_at >= ripe_at
        await store.note_absence(message, is_proof=proof, now=clock.now())


def _binding_receipts(
    twins: list[OpenMessage], found: list[ListedMessage], provider: str
) -> list[Receipt]:
    """What the list showed; a failure only as far as that the message was taken.

    What follows hangs on its reason, which no list tells: asked after, it tells both.
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
    return MessageState.ACCEPTED if state in REACHED_NOBODY else state


def _group_twins(
    messages: Iterable[OpenMessage], *, by_id: bool
) -> list[list[OpenMessage]]:
    """Messages grouped by recipient and text, unless the provider tells them apart."""

    def key(one: OpenMessage) -> tuple[str, ...]:
        return (one.id,) if by_id else (one.recipient_id, one.body)

    return [list(group) for _, group in groupby(sorted(messages, key=key), key=key)]
