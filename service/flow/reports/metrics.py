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
    taken: Mapping[str, int]
    due: int
    waited: float
    held: Mapping[str, int]
    open: int
    left: int
    paused: int
    breaker: str | None
    ticked_at: datetime | None


class Meter(Protocol):
    """Reading the figures off."""

    async def gauges(self, now: datetime) -> Gauges:
        """All of them, of one moment."""
