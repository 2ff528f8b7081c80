"""The audit: recompute the ledger and list every difference from what is stored."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Protocol

from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import REMINDER_TRANSITIONS, ReminderState
from service.domain.errors import PermitRemindersError, SetUpError
from service.domain.lawbook.law import Law
from service.domain.messages.segments import measure
from service.domain.reminders.reasons import BEFORE_START, OVERTAKEN
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.ports import LawStore, Vault


@dataclass(frozen=True, slots=True)
class AuditedReminder:
    """A reminder in its present state, and its stored transitions.

    `live_from` is None if its type is not live. `catch_up`: the office caught up at its
    start. `redated`: a change of the law moved the reminder while it was due.
    """

    name: str
    state: ReminderState
    reason: str | None
    created_at: datetime
    due_at: datetime
    until_at: datetime
    live_from: datetime | None
    catch_up: bool
    redated: bool
    transitions: tuple[tuple[ReminderState, str | None], ...]


@dataclass(frozen=True, slots=True)
class AuditedMessage:
    """A message; `mac` covers its id, recipient and text, and was made at its claim."""

    id: str
    recipient_id: str
    body: str
    mac: str
    segments: int


@dataclass(frozen=True, slots=True)
class AuditedRecipient:
    """A recipient as stored: the encrypted phone, and the digest to look it up."""

    id: str
    encrypted_phone: bytes = field(repr=False)
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuditedGroup:
    """The permits of one series, authority and expiry date, and its stored slots."""

    rule: str
    series: str
    authority: str
    expires_on: date
    issued_on: date | None
    slots: tuple[Slot, ...]


class AuditStore(Protocol):
    """Reads the whole ledger."""

    async def known_until(self, now: datetime) -> datetime:
        """The instant until which this store knows what happened: `now`, or before."""

    def reminders(self) -> AsyncIterator[AuditedReminder]:
        """Every reminder with its transitions."""

    def messages(self) -> AsyncIterator[AuditedMessage]:
        """Every message."""

    def recipients(self) -> AsyncIterator[AuditedRecipient]:
        """Every recipient."""

    def groups(self) -> AsyncIterator[AuditedGroup]:
        """Every group of permits, and of those with issue dates one for each date."""

    async def invariant_violations(self) -> Sequence[str]:
        """Rows that contradict each other, found by SQL queries; one line each."""


INITIAL_STATES: Final = (
    (ReminderState.DUE, None),
    (ReminderState.MISSED, BEFORE_START),
    (ReminderState.MISSED, OVERTAKEN),
)


async def audit_ledger(
    store: AuditStore, law_store: LawStore, vault: Vault
) -> list[str]:
    """List every difference, one line each; an empty list if the ledger is right."""
    differences = list(await store.invariant_violations())
    async for reminder in store.reminders():
        differences += _check_reminder(reminder)
    async for message in store.messages():
        differences += _check_message(message, vault)
    async for recipient in store.recipients():
        differences += _check_recipient(recipient, vault)
    try:
        law = await law_store.current_law()
    except PermitRemindersError as error:
        return [*differences, f"rules and authorities: {error.in_one_line}"]
    async for group in store.groups():
        differences += _check_group(group, law)
    return differences


def _check_message(message: AuditedMessage, vault: Vault) -> Iterator[str]:
    if (
        vault.compute_mac([message.id, message.recipient_id, message.body]).hex()
        != message.mac
    ):
        yield f"message {message.id}: text or recipient was changed"
    if measure(message.body).segments != message.segments:
        yield (
            f"message {message.id}: its text does not make {message.segments} segments"
        )


def _check_recipient(recipient: AuditedRecipient, vault: Vault) -> Iterator[str]:
    try:
        same = (
            vault.digest(
                vault.decrypt(recipient.encrypted_phone, PHONE_COLUMN), PHONE_COLUMN
            )
            == recipient.digest
        )
    except SetUpError:
        same = False
    if not same:
        yield f"recipient {recipient.id}: its phone was changed, or cannot be read"


def _check_reminder(reminder: AuditedReminder) -> Iterator[str]:
    """Replay the transitions from each possible first state; report the best replay."""
    replays = [
        list(_replay_from(reminder, state, reason))
        for state, reason in _possible_initial_states(reminder)
    ]
    yield from min(replays, key=len)


def _replay_from(
    reminder: AuditedReminder, state: ReminderState, reason: str | None
) -> Iterator[str]:
    for after, why in reminder.transitions:
        if after not in REMINDER_TRANSITIONS[state]:
            yield f"reminder {reminder.name}: no move from {state} to {after}"
        state, reason = after, why
    if (state, reason) != (reminder.state, reminder.reason):
        found = f"{reminder.state} ({reminder.reason})"
        yield (
            f"reminder {reminder.name}: is {found}, its moves end in {state} ({reason})"
        )


def _possible_initial_states(
    reminder: AuditedReminder,
) -> Sequence[tuple[ReminderState, str | None]]:
    """The states in which the reminder may have been created: one, unless redated.

    A trial creates due reminders only, and it may have ended at the very instant at
    which the reminder was created.
    """
    if reminder.redated:
        return INITIAL_STATES
    if reminder.live_from is None or reminder.created_at < reminder.live_from:
        return INITIAL_STATES[:1]
    created_as = _initial_state(reminder, reminder.live_from)
    if reminder.created_at == reminder.live_from:
        return [created_as, INITIAL_STATES[0]]
    return [created_as]


def _initial_state(
    reminder: AuditedReminder, live_from: datetime
) -> tuple[ReminderState, str | None]:
    """The state in which a reminder of a live type must have been created."""
    over = reminder.until_at <= reminder.created_at
    if reminder.due_at < live_from and (over or not reminder.catch_up):
        return ReminderState.MISSED, BEFORE_START
    if over:
        return ReminderState.MISSED, OVERTAKEN
    return ReminderState.DUE, None


def _check_group(group: AuditedGroup, law: Law) -> Iterator[str]:
    where = f"{group.series}, {group.authority}, {group.expires_on}"
    try:
        version = law.version_for(
            group.rule, group.authority, group.expires_on, group.issued_on
        )
        ladder = law.ladder(group.rule, version, group.authority, group.expires_on)
    except PermitRemindersError as error:
        yield f"permits of {where}: {error.in_one_line}"
        return
    if version.series != group.series:
        yield f"permits of {where}: fall under {version.series}"
    elif group.slots != ladder.slots:
        yield f"slots of {where}: differ from what the rule says"
