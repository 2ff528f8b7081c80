"""Expand slots that fell due into reminders."""

from datetime import datetime
from typing import Protocol

from service.flow.ports import Clock
from service.flow.stop_signal import StopSignal, never_stop

GROUPS_PER_TRANSACTION = 1000
"""Groups in one transaction; a group is a (series, authority, expiry date)."""


class ExpandStore(Protocol):
    """Slots that fell due, and the reminders they become."""

    async def handle_clock_set_back(self, now: datetime) -> None:
        """If the clock was set back, expand again what it made missed."""

    async def expand(self, now: datetime, limit: int) -> int | None:
        """Create the reminders of some groups in one transaction; count them.

        Takes the oldest live groups with a due slot that is not expanded. None if there
        is no such group.
        """

    async def expand_trials(self, now: datetime) -> int:
        """Create current reminders for permits with a staff phone; count them.

        Only for types on trial. Their slots stay unexpanded.
        """


async def expand(
    store: ExpandStore, clock: Clock, is_stopping: StopSignal = never_stop
) -> int:
    """Create the reminders of every live slot that is due; count them.

    For a type on trial, only those of permits with a staff phone. Reminders that were
    missed only because the clock ran ahead become due again.
    """
    created = 0
    now = clock.now()
    await store.handle_clock_set_back(now)
    while (count := await store.expand(now, GROUPS_PER_TRANSACTION)) is not None:
        created += count
        if is_stopping():
            return created
    return created + await store.expand_trials(now)
