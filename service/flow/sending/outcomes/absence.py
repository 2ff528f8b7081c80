"""Note that the provider does not list messages, and whether that proves anything."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from service.domain.delivery.unknown_outcome import (
    MAX_AUTOMATIC_RESENDS,
    AbsentAgain,
    absence_proven_at,
)
from service.domain.errors import SetUpError
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.ports import Clock, Vault
from service.flow.sending.outcomes.account_evidence import (
    AccountEvidence,
    BoundMessage,
    judge_account,
)
from service.flow.sending.provider import OpenMessage, Provider
from service.flow.stop_signal import StopSignal

log = logging.getLogger(__name__)


class AbsenceStore(Protocol):
    """What is known of listed messages, and the absences that are noted."""

    async def already_bound(
        self, provider: str, provider_ids: Collection[str]
    ) -> Mapping[str, BoundMessage]:
        """The messages of ours that have these ids of a provider, by id."""

    async def note_absence(
        self, message: OpenMessage, again: AbsentAgain | None, *, now: datetime
    ) -> None:
        """Note that the provider does not list it.

        `again`: it was absent before, long enough ago for a proof. Then its reminders
        are due again if the list can be trusted and a limit does not forbid it; else
        the reason says what was seen, and after a limit an operator decides.
        """


@dataclass(frozen=True, slots=True)
class Absence:
    """Messages alike that the list of their phone lacks.

    `is_vouched_for`: that list shows another message of ours to the phone, or is ours.
    """

    messages: Sequence[OpenMessage]
    phone: str
    is_vouched_for: bool


async def note_absences(
    absences: Sequence[Absence],
    store: AbsenceStore,
    *,
    provider: Provider,
    vault: Vault,
    clock: Clock,
    settle_after: timedelta,
    is_stopping: StopSignal,
) -> None:
    """Note absences; ask for the account's list, once, if a proof depends on it.

    If that list cannot be had, or the process has to stop between two notes, which are
    a transaction each, a later pass asks again.
    """
    pairs = [(absence, one) for absence in absences for one in absence.messages]
    again = {one.id for _, one in pairs if _is_again(one, settle_after)}
    unsure = [
        (one, absence.phone)
        for absence, one in pairs
        if one.id in again and not absence.is_vouched_for and _may_return(one)
    ]
    evidence = await _read_account(unsure, store, provider, vault) if unsure else None
    doubts = {one.id: evidence.doubt(one, phone) for one, phone in unsure if evidence}
    for _, message in pairs:
        if is_stopping():
            return
        if message.id not in again:
            await store.note_absence(message, None, now=clock.now())
        elif message.id in doubts or message.id not in {one.id for one, _ in unsure}:
            seen = AbsentAgain(
                message.absent_at or message.asked_at,
                message.asked_at,
                doubts.get(message.id),
            )
            await store.note_absence(message, seen, now=clock.now())


def must_be_asked(message: OpenMessage, settle_after: timedelta) -> bool:
    """Whether to ask about a message: not between an absence and its proof.

    After an outage there are hundreds, and asking in each pass would keep it from
    sending.
    """
    return message.absent_at is None or _is_again(message, settle_after)


def _is_again(message: OpenMessage, settle_after: timedelta) -> bool:
    proven_at = absence_proven_at(
        message.lease_until,
        message.absent_at,
        message.asked_at,
        settle_after,
        message.returned,
    )
    return message.absent_at is not None and message.asked_at >= proven_at


def _may_return(message: OpenMessage) -> bool:
    return message.is_asked_first or message.returned < MAX_AUTOMATIC_RESENDS


async def _read_account(
    unsure: Sequence[tuple[OpenMessage, str]],
    store: AbsenceStore,
    provider: Provider,
    vault: Vault,
) -> AccountEvidence | None:
    listing = await provider.list_since(min(one.posted_after for one, _ in unsure))
    if listing is None:
        return None
    ids = [one.provider_id for one in listing.messages]
    bound = await store.already_bound(provider.name, ids)
    return judge_account(listing, bound, partial(decrypt_phone, vault=vault))


def decrypt_phone(encrypted: bytes, vault: Vault) -> str | None:
    """Decrypt a stored phone; None, with a line in the log, if it cannot be read."""
    try:
        return vault.decrypt(encrypted, PHONE_COLUMN)
    except SetUpError:
        log.exception("a phone cannot be read")
        return None
