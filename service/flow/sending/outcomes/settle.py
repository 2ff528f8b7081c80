"""Settle unknown outcomes by what the provider lists.

A message that is listed was accepted. One that is not listed was not accepted, but only
a second look proves that, at least `settle_after` after the last moment at which its
owner could have POSTed it, and four times as long if its reminders were sent again
before; and only if the list shows another message that we know to be accepted.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from random import sample
from typing import Final, Protocol

from service.domain.delivery.circuit import MAX_FAILURES
from service.domain.delivery.outcome import ListedMessage, Receipt
from service.domain.delivery.status import ACCEPTED_BUT_FAILED, MessageState
from service.flow.ports import Clock, Vault
from service.flow.sending.outcomes.absence import (
    Absence,
    AbsenceStore,
    decrypt_phone,
    must_be_asked,
    note_absences,
)
from service.flow.sending.outcomes.account_evidence import BoundMessage
from service.flow.sending.provider import Listing, OpenMessage, Provider
from service.flow.stop_signal import StopSignal, never_stop

MOST_ASKED: Final = 500
"""Texts that one pass asks about: after a failover there may be thousands, and the
pass has more to do."""


class SettleStore(AbsenceStore, Protocol):
    """Messages with an unknown outcome, and what the provider lists of them."""

    async def count_open(self) -> int:
        """Count messages that are under way or have an unknown outcome."""

    async def list_uncertain(self) -> list[OpenMessage]:
        """List messages with an unknown outcome, oldest first.

        Leaves out those with an equal text to the same phone still under way: what the
        provider lists may be that one.
        """

    async def bind_listed(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """Bind listed messages to ours, each by the `message_id` of its receipt.

        Does nothing if one of them has an outcome, or an equal text is under way.
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
    alike = [
        twins
        for twins in _group_twins(uncertain, by_id=provider.finds_by_our_id)
        if any(must_be_asked(one, settle_after) for one in twins)
    ]
    absences = list[Absence]()
    for twins in sample(alike, min(len(alike), MOST_ASKED)):
        if is_stopping() or failures == MAX_FAILURES:
            break
        phone = decrypt_phone(twins[0].encrypted_phone, vault)
        if phone is None:
            continue
        listing = await provider.find(twins[0], phone)
        if listing is None:
            failures += 1
            continue
        failures = 0
        bound = await _load_bound(listing, provider, store)
        found = _find_listed(twins, listing.candidates, bound)
        if found is not None and len(found) == len(twins):
            await store.bind_listed(
                _binding_receipts(twins, found, provider.name), clock.now()
            )
        elif found == []:
            absences.append(
                Absence(twins, phone, _is_vouched_for(twins, bound, provider))
            )
    await note_absences(
        absences,
        store,
        provider=provider,
        vault=vault,
        clock=clock,
        settle_after=settle_after,
        is_stopping=is_stopping,
    )


async def _load_bound(
    listing: Listing, provider: Provider, store: SettleStore
) -> Mapping[str, BoundMessage]:
    ids = {*listing.provider_ids, *(one.provider_id for one in listing.candidates)}
    return await store.already_bound(provider.name, ids) if ids else {}


def _is_vouched_for(
    twins: list[OpenMessage], bound: Mapping[str, BoundMessage], provider: Provider
) -> bool:
    """Whether the list shows another message to the phone, or cannot hide one."""
    recipient_id = twins[0].recipient_id
    return provider.finds_by_our_id or any(
        one.recipient_id == recipient_id for one in bound.values()
    )


def _find_listed(
    twins: list[OpenMessage],
    listed: Sequence[ListedMessage],
    bound: Mapping[str, BoundMessage],
) -> list[ListedMessage] | None:
    """The listed messages that may be these equal ones, oldest first.

    None if the list proves nothing: it has a text to this phone that no message of ours
    has, or this text under an id that belongs to another message.
    """
    if any(
        one.same_text and not _is_like(twins[0], bound.get(one.provider_id))
        for one in listed
    ):
        return None
    free = [one for one in listed if one.provider_id not in bound]
    equal = [one for one in free if one.same_text]
    if free and not equal:
        return None
    return sorted(equal, key=lambda one: one.created_at)


def _is_like(message: OpenMessage, owner: BoundMessage | None) -> bool:
    """Whether an id belongs to nobody, or to a message alike."""
    return owner is None or (owner.recipient_id, owner.body) == (
        message.recipient_id,
        message.body,
    )


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
            dated_at=listed.created_at,
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
