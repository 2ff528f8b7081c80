"""Messages and reminders as an operator looks at them: no phone in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from service.domain.delivery.status import MessageState, ReminderState

Decider = Literal["service", "operator"]
"""Who an unknown outcome waits for."""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages; `open` are those whose outcome nobody knows yet."""

    state: MessageState | None = None
    offices: Sequence[str] | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class ReminderFilter:
    """Which reminders; `held` are those that are due and wait for a reason."""

    state: ReminderState | None = None
    rule: str | None = None
    offices: Sequence[str] | None = None
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class MessageView:
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
class ReminderView:
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
class TransitionView:
    """A reminder of a message moved while that was its latest."""

    at: datetime
    rule: str
    number: str
    step: str
    state: ReminderState
    reason: str | None


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A provider's later word, as it came but for phones."""

    received_at: datetime
    provider_id: str
    state: MessageState | None
    code: str | None
    moved: bool
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ActionView:
    """What a person did about a message, or what alarmed somebody."""

    at: datetime
    by: str
    what: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MessageDetails:
    """Everything that is kept about one message, each list oldest first."""

    message: MessageView
    body: str
    reminders: Sequence[ReminderView]
    moves: Sequence[TransitionView]
    receipts: Sequence[ReceiptView]
    acts: Sequence[ActionView]


class MessageReader(Protocol):
    """Looking messages up."""

    async def page(
        self, filters: MessageFilter, after: str | None, limit: int
    ) -> Sequence[MessageView]:
        """Messages in the order of their claims, from the one after `after`."""

    async def get(self, message_id: str) -> MessageDetails:
        """Everything about one; raises `UnknownError`."""


class ReminderReader(Protocol):
    """Looking reminders up."""

    async def page(
        self, filters: ReminderFilter, after: str | None, limit: int
    ) -> tuple[Sequence[ReminderView], str | None]:
        """Reminders by permit, from the one after `after`, and the next `after`."""
