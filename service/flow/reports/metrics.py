"""The gauges of the ledger, for monitoring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.delivery.circuit import Outage
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.permits.lookup import Answer


@dataclass(frozen=True, slots=True)
class Gauges:
    """The figures of one moment.

    `messages` counts, by provider and state, the messages of the days in which receipts
    are still polled; `accepted` counts all that a provider ever accepted. `due` counts
    due reminders without a hold; the oldest has waited for `oldest_due_seconds`. Of the
    `open_outcomes`, `left_to_operator` wait for an operator. `breaker_reason` is set
    while the breaker is open, `outages` names the providers whose circuit is. `lookups`
    counts the questions to registers before texts, by register and answer.
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
    outages: Sequence[Outage]
    ticked_at: datetime | None
    lookups: Mapping[tuple[str, Answer], int]


class MetricsStore(Protocol):
    """Reads the gauges."""

    async def gauges(self, now: datetime) -> Gauges:
        """All gauges at one moment."""
