"""Messages and reminders as an operator looks at them: no phone in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from service.domain.delivery.status import MessageState, ReminderState

Decider = Literal["service", "operator"]
"""Who an unknown outcome waits for."""


@dataclass(frozen=True, slots=True)
class MessagesWanted:
    """Which messages; `open` are those whose outcome nobody knows yet."""

    state: MessageState | None = None
    offices: Sequence[str] | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class RemindersWanted:
    """Which reminders; `held` are those that are due and wait for a reason."""

    state: ReminderState | None = None
    rule: str | None = None
    offices: Sequence[str] | None = None
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """One SMS; `to` is masked. `waits_for`: who decides its unknown outcome."""

    id: str
    authority: str
    office: str
    rule: str
    template: str
    template_version: int
    language: str
    to: str
    segments: int
    provider: str
    provider_id: str | None
    state: MessageState
    reason: str | None
    kind: str | None
    code: str | None
    attempt: int
    claimed_at: datetime
    accepted_at: datetime | None
    final_at: datetime | None
    waits_for: Decider | None


@dataclass(frozen=True, slots=True)
class SeenReminder:
    """One permit in one step; its number masked where it is personal."""

    authority: str
    rule: str
    number: str
    step: str
    expires_on: date
    due_at: datetime
    until_at: datetime
    state: ReminderState
    reason: str | None
    hold_reason: str | None
    next_at: datetime | None
    sent_at: datetime | None
    message: str | None


@dataclass(frozen=True, slots=True)
class SeenMove:
    """A reminder of a message moved while that was its latest."""

    at: datetime
    rule: str
    number: str
    step: str
    state: ReminderState
    reason: str | None


@dataclass(frozen=True, slots=True)
class SeenReceipt:
    """A provider's later word, as it came but for phones."""

    received_at: datetime
    provider_id: str
    state: MessageState | None
    code: str | None
    moved: bool
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeenAct:
    """What a person did about a message, or what alarmed somebody."""

    at: datetime
    by: str
    what: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MessageFile:
    """Everything that is kept about one message, each list oldest first."""

    message: SeenMessage
    body: str
    reminders: Sequence[SeenReminder]
    moves: Sequence[SeenMove]
    receipts: Sequence[SeenReceipt]
    acts: Sequence[SeenAct]


class MessageReader(Protocol):
    """Looking messages up."""

    async def page(
        self, wanted: MessagesWanted, after: str | None, limit: int
    ) -> Sequence[SeenMessage]:
        """Messages in the order of their claims, from the one after `after`."""

    async def one(self, message_id: str) -> MessageFile:
        """Everything about one; raises `UnknownError`."""


class ReminderReader(Protocol):
    """Looking reminders up."""

    async def page(
        self, wanted: RemindersWanted, after: str | None, limit: int
    ) -> tuple[Sequence[SeenReminder], str | None]:
        """Reminders by permit, from the one after `after`, and the next `after`."""
