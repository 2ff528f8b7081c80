"""Messages and reminders as operators see them: every phone is masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from service.domain.delivery.status import MessageState, ReminderState

Decider = Literal["service", "operator"]
"""Who decides an unknown outcome."""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages to list; `open`: only those whose outcome is not known yet."""

    state: MessageState | None = None
    offices: Sequence[str] | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class ReminderFilter:
    """Which reminders to list; `held`: due and held ones (or, if false, all others)."""

    state: ReminderState | None = None
    rule: str | None = None
    offices: Sequence[str] | None = None
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class MessageView:
    """One SMS; `to` is masked. `waits_for` is who decides its unknown outcome."""

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
    posted_at: datetime | None
    accepted_at: datetime | None
    final_at: datetime | None
    waits_for: Decider | None


@dataclass(frozen=True, slots=True)
class ReminderView:
    """One permit in one step; a personal permit number is masked."""

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
    """A transition of a reminder, made while the message was its latest one."""

    at: datetime
    rule: str
    number: str
    step: str
    state: ReminderState
    reason: str | None


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A provider's receipt as it came, with phones masked in `raw`."""

    received_at: datetime
    provider_id: str
    state: MessageState | None
    code: str | None
    moved: bool
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ActionView:
    """An operator's action on a message, or an alarm about it."""

    at: datetime
    by: str
    what: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MessageDetails:
    """All that is stored about one message; each list is oldest first."""

    message: MessageView
    body: str
    reminders: Sequence[ReminderView]
    moves: Sequence[TransitionView]
    receipts: Sequence[ReceiptView]
    acts: Sequence[ActionView]


class MessageReader(Protocol):
    """Looks up messages."""

    async def page(
        self, filters: MessageFilter, after: str | None, limit: int
    ) -> Sequence[MessageView]:
        """Messages in the order of their claims, from the one after id `after`."""

    async def get(self, message_id: str) -> MessageDetails:
        """All about one message; raises `UnknownError`."""


class ReminderReader(Protocol):
    """Looks up reminders."""

    async def page(
        self, filters: ReminderFilter, after: str | None, limit: int
    ) -> tuple[Sequence[ReminderView], str | None]:
        """Reminders in the order of permits, from `after` on, and the next `after`."""
