"""Recomputing the ledger: every difference between what is stored and what must be."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Protocol

from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import REMINDER_MOVES, ReminderState
from service.domain.errors import PermitRemindersError, SetUpError
from service.domain.lawbook.law import Law
from service.domain.messages.segments import measure
from service.domain.reminders.births import BEFORE_START, OVERTAKEN
from service.flow.permits.register import PHONE
from service.flow.ports import LawStore, Vault


@dataclass(frozen=True, slots=True)
class History:
    """A reminder as it stands, and the moves that must have led there.

    `live_from` is None where nobody but staff is reminded; `catch_up`: those in a step
    at the start were. `redated`: the rule or a calendar changed while it was due.
    """

    name: str
    state: ReminderState
    reason: str | None
    born_at: datetime
    due_at: datetime
    until_at: datetime
    live_from: datetime | None
    catch_up: bool
    redated: bool
    moves: tuple[tuple[ReminderState, str | None], ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message's id, recipient and text, and the mark made when it was claimed.

    `segments` is what it is billed as.
    """

    id: str
    recipient: str
    body: str
    seal: str
    segments: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A recipient as stored: encrypted, and the digest it is found by."""

    id: str
    phone: bytes = field(repr=False)
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DatedGroup:
    """The permits of one series, authority and expiry date, and its stored slots."""

    rule: str
    series: str
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


BIRTHS: Final = (
    (ReminderState.DUE, None),
    (ReminderState.MISSED, BEFORE_START),
    (ReminderState.MISSED, OVERTAKEN),
)


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
    if vault.mark([it.id, it.recipient, it.body]).hex() != it.seal:
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
    """Replay from the state it must have been born in, or from any it may."""
    told = [list(_replayed_from(it, state, reason)) for state, reason in _births(it)]
    yield from min(told, key=len)


def _replayed_from(
    it: History, state: ReminderState, reason: str | None
) -> Iterator[str]:
    for after, why in it.moves:
        if after not in REMINDER_MOVES[state]:
            yield f"reminder {it.name}: no move from {state} to {after}"
        state, reason = after, why
    if (state, reason) != (it.state, it.reason):
        found = f"{it.state} ({it.reason})"
        yield f"reminder {it.name}: is {found}, its moves end in {state} ({reason})"


def _births(it: History) -> Sequence[tuple[ReminderState, str | None]]:
    """The states a reminder may have been born in: one, unless it was re-dated.

    A trial only bears what is due; it may have ended at the very instant of a birth.
    """
    if it.redated:
        return BIRTHS
    if it.live_from is None or it.born_at < it.live_from:
        return BIRTHS[:1]
    here = _birth(it, it.live_from)
    return [here, BIRTHS[0]] if it.born_at == it.live_from else [here]


def _birth(it: History, live_from: datetime) -> tuple[ReminderState, str | None]:
    """The state a reminder must have been born in while its type is live."""
    over = it.until_at <= it.born_at
    if it.due_at < live_from and (over or not it.catch_up):
        return ReminderState.MISSED, BEFORE_START
    if over:
        return ReminderState.MISSED, OVERTAKEN
    return ReminderState.DUE, None


def _recomputed(group: DatedGroup, law: Law) -> Iterator[str]:
    where = f"{group.series}, {group.authority}, {group.expires_on}"
    try:
        version = law.version_for(
            group.rule, group.authority, group.expires_on, group.issued_on
        )
        ladder = law.ladder(group.rule, version, group.authority, group.expires_on)
    except PermitRemindersError as error:
        yield f"permits of {where}: {error}"
        return
    if version.series != group.series:
        yield f"permits of {where}: fall under {version.series}"
    elif group.slots != ladder.slots:
        yield f"slots of {where}: differ from what the rule says"
