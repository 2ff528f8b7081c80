"""The gauges of the ledger, for monitoring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.delivery.circuit import Outage
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.permits.lookup import Answer


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of a table, as the server estimates them: live ones, and dead ones."""

    live: int
    dead: int


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """Whether the server can clean up: `tables` by name, and the oldest snapshot.

    That is how many seconds ago it was taken, among sessions whose start we may see,
    and how many transactions have begun since the oldest of all. `standbys` follow now.
    """

    tables: Mapping[str, TableRows]
    oldest_snapshot_seconds: float
    oldest_snapshot_transactions: int
    standbys: int


@dataclass(frozen=True, slots=True)
class Gauges:
    """The figures of one moment.

    `messages` counts, by provider and state, the messages of the days in which receipts
    are still polled; `accepted` counts all that a provider ever accepted. `due` counts
    due reminders without a hold; the oldest has waited for `oldest_due_seconds`. Of the
    `open_outcomes`, `left_to_operator` wait for an operator. `breaker_reason` is set
    while the breaker is open, `outages` names the providers whose circuit is. `lookups`
    counts the questions to registers before texts, by register and answer.
    `is_in_doubt`: the ledger is on another server than before, and nothing is sent yet.
    `server` is None on SQLite.
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
    is_in_doubt: bool
    server: ServerFigures | None


class MetricsStore(Protocol):
    """Reads the gauges."""

    async def gauges(self, now: datetime) -> Gauges:
        """All gauges at one moment."""
