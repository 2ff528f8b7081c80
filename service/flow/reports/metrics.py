"""What is measured of the ledger at this moment, for those who watch it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.delivery.status import MessageState, ReminderState


@dataclass(frozen=True, slots=True)
class Gauges:
    """The figures, whoever draws them; times in seconds.

    `messages`, by provider, are those of the days in which a provider is asked for its
    last word; `taken` are all that it ever accepted. `due` is what nothing holds, and
    `waited` how long the oldest of it. `left` of the open outcomes wait for an
    operator. `breaker` is why it is open.
    """

    reminders: Mapping[ReminderState, int]
    messages: Mapping[tuple[str, MessageState], int]
    accepted: Mapping[str, int]
    due: int
    oldest_due_seconds: float
    held_by_reason: Mapping[str, int]
    open_outcomes: int
    left_to_operator: int
    paused_scopes: int
    breaker_reason: str | None
    ticked_at: datetime | None


class MetricsStore(Protocol):
    """Reading the figures off."""

    async def gauges(self, now: datetime) -> Gauges:
        """All of them, of one moment."""
