"""Recomputing the ledger: every difference between what is stored and what must be."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from service.domain.births import BEFORE_START, OVERTAKEN
from service.domain.errors import PermitRemindersError, SetUpError
from service.domain.lawbook import Law
from service.domain.schedule import Slot
from service.domain.segments import measure
from service.domain.status import REMINDER_MOVES, ReminderState
from service.flow.ports import LawStore, Vault
from service.flow.register import PHONE


@dataclass(frozen=True, slots=True)
class History:
    """A reminder as it stands, and the moves that must have led there."""

    name: str
    state: ReminderState
    reason: str | None
    born_at: datetime
    due_at: datetime
    until_at: datetime
    live_from: datetime | None
    moves: tuple[tuple[ReminderState, str | None], ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message's id, recipient and text, and the mark made when it was claimed.

    `segments` is what it is billed as.
    """

    id: str
    recipient: str
    body: str
    seal: bytes
    segments: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A recipient as stored: encrypted, and the digest it is found by."""

    id: str
    phone: bytes = field(repr=False)
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DatedGroup:
    """The permits of one version, authority and expiry date, and its stored slots."""

    rule: str
    version: str
    authority: str
    expires_on: date
    issued_on: date | None
    slots: tuple[Slot, ...]


class AuditStore(Protocol):
    """The ledger, to be read whole."""

    def histories(self) -> AsyncIterator[History]:
        """Every reminder with its moves."""

    def sealed(self) -> AsyncIterator[Sealed]:
        """Every message."""

    def recipients(self) -> AsyncIterator[Kept]:
        """Every recipient."""

    def groups(self) -> AsyncIterator[DatedGroup]:
        """Every (version, authority, expiry date, issue date) of permits."""

    async def contradictions(self) -> Sequence[str]:
        """Rows that contradict each other, found by queries; one line each."""


async def audit(store: AuditStore, laws: LawStore, vault: Vault) -> list[str]:
    """Every difference, one line each; none means that the ledger adds up."""
    differences = list(await store.contradictions())
    async for history in store.histories():
        differences += _replayed(history)
    async for message in store.sealed():
        differences += _resealed(message, vault)
    async for kept in store.recipients():
        differences += _reopened(kept, vault)
    try:
        law = await laws.law()
    except PermitRemindersError as error:
        return [*differences, f"rules and authorities: {error}"]
    async for group in store.groups():
        differences += _recomputed(group, law)
    return differences


def _resealed(it: Sealed, vault: Vault) -> Iterator[str]:
    if vault.mark([it.id, it.recipient, it.body]) != it.seal:
        yield f"message {it.id}: text or recipient was changed"
    if measure(it.body).segments != it.segments:
        yield f"message {it.id}: its text does not make {it.segments} segments"


def _reopened(it: Kept, vault: Vault) -> Iterator[str]:
    try:
        same = vault.digest(vault.open(it.phone, PHONE), PHONE) == it.digest
    except SetUpError:
        same = False
    if not same:
        yield f"recipient {it.id}: its phone was changed, or cannot be read"


def _replayed(it: History) -> Iterator[str]:
    state, reason = _birth(it)
    for after, why in it.moves:
        if after not in REMINDER_MOVES[state]:
            yield f"reminder {it.name}: no move from {state} to {after}"
        state, reason = after, why
    if (state, reason) != (it.state, it.reason):
        found = f"{it.state} ({it.reason})"
        yield f"reminder {it.name}: is {found}, its moves end in {state} ({reason})"


def _birth(it: History) -> tuple[ReminderState, str | None]:
    """The state a reminder must have been born in."""
    if it.live_from is not None and it.due_at < it.live_from:
        return ReminderState.MISSED, BEFORE_START
    if it.until_at <= it.born_at:
        return ReminderState.MISSED, OVERTAKEN
    return ReminderState.DUE, None


def _recomputed(group: DatedGroup, law: Law) -> Iterator[str]:
    where = f"{group.version}, {group.authority}, {group.expires_on}"
    try:
        version = law.version_for(
            group.rule, group.authority, group.expires_on, group.issued_on
        )
        ladder = law.ladder(group.rule, version, group.authority, group.expires_on)
    except PermitRemindersError as error:
        yield f"permits of {where}: {error}"
        return
    if version.key != group.version:
        yield f"permits of {where}: fall under {version.key}"
    elif group.slots != ladder.slots:
        yield f"slots of {where}: differ from what the rule says"
