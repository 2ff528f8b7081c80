"""Deciding unknown outcomes: never blindly again, never forgotten.

The provider's list proves absence only when asked twice, the second time at least
`settle` after the last moment the owner could have POSTed.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from random import sample

from service.domain.delivery.outcome import Found, Receipt
from service.domain.delivery.status import IN_VAIN as REACHED_NOBODY
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import proven_from
from service.domain.errors import SetUpError
from service.flow.permits.register import PHONE
from service.flow.ports import Clock, Provider, SettleStore, Vault
from service.flow.rows import OpenMessage
from service.flow.sending.post import IN_VAIN
from service.flow.stop_signal import Stopping, never

log = logging.getLogger(__name__)


async def settle(
    store: SettleStore,
    *,
    provider: Provider,
    vault: Vault,
    clock: Clock,
    patience: timedelta,
    stopping: Stopping = never,
) -> None:
    """Ask the provider about every unknown outcome and decide those it proves.

    One that cannot be asked several times in a row is left alone until the next pass,
    which asks in another order: sending does not wait for a list that hangs.
    """
    await store.lapse(clock.now())
    open_, in_vain = await store.uncertain(), 0
    alike = _alike(open_, apart=provider.by_our_id)
    for twins in sample(alike, len(alike)):
        if stopping() or in_vain == IN_VAIN:
            return
        phone = _phone_of(twins[0], vault)
        if phone is None:
            continue
        listed = await provider.find(twins[0], phone)
        if listed is None:
            in_vain += 1
            continue
        in_vain = 0
        found = await _candidates(twins, listed, store)
        if found is not None and len(found) == len(twins):
            await store.found(_bind(twins, found, provider.name), clock.now())
        elif found == []:
            await _absent(twins, store, clock, patience)


def _phone_of(message: OpenMessage, vault: Vault) -> str | None:
    try:
        return vault.open(message.to, PHONE)
    except SetUpError:
        log.exception("message %s: its phone cannot be read", message.id)
        return None


async def _candidates(
    twins: list[OpenMessage], listed: Sequence[Found], store: SettleStore
) -> list[Found] | None:
    """What a provider lists for messages alike and nobody else has, oldest first.

    None where that is no evidence: it lists a text to this phone that is neither ours
    nor another message's, or ours under an id that it has named for another message.
    """
    bound = await store.bound(twins[0].provider, [one.provider_id for one in listed])
    mine = (twins[0].recipient, twins[0].body)
    if any(
        one.same_text and bound.get(one.provider_id, mine) != mine for one in listed
    ):
        return None
    free = [one for one in listed if one.provider_id not in bound]
    ours = [one for one in free if one.same_text]
    if free and not ours:
        return None
    return sorted(ours, key=lambda one: one.created_at)


async def _absent(
    twins: list[OpenMessage], store: SettleStore, clock: Clock, patience: timedelta
) -> None:
    for message in twins:
        noted_at, asked_at = message.absent_at, message.asked_at
        ripe_at = proven_from(message.lease_until, noted_at, asked_at, patience)
        proof = noted_at is not None and asked_at >= ripe_at
        await store.absent(message, proof=proof, now=clock.now())


def _bind(twins: list[OpenMessage], found: list[Found], provider: str) -> list[Receipt]:
    """What the list showed; a failure only as far as that the message was taken.

    What follows hangs on its reason, which no list tells: asked after, it tells both.
    """
    return [
        Receipt(
            provider=provider,
            provider_id=listed.provider_id,
            state=_taken(listed.state),
            raw={"found": listed.created_at.isoformat()},
            ref=message.id,
        )
        for message, listed in zip(twins, found, strict=True)
    ]


def _taken(state: MessageState) -> MessageState:
    return MessageState.ACCEPTED if state in REACHED_NOBODY else state


def _alike(messages: Iterable[OpenMessage], *, apart: bool) -> list[list[OpenMessage]]:
    """Messages grouped by recipient and text, unless the provider tells them apart."""

    def key(one: OpenMessage) -> tuple[str, ...]:
        return (one.id,) if apart else (one.recipient, one.body)

    return [list(group) for _, group in groupby(sorted(messages, key=key), key=key)]
