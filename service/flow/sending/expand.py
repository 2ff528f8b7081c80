"""Slots that fell due become reminders."""

from datetime import datetime
from typing import Protocol

from service.flow.ports import Clock
from service.flow.stop_signal import StopSignal, never_stop

GROUPS_PER_TRANSACTION = 1000
"""Groups a transaction: one group is a (series, authority, expiry date)."""


class ExpandStore(Protocol):
    """Slots that fall due become reminders."""

    async def handle_clock_set_back(self, now: datetime) -> None:
        """Notice a clock that was set back: what it had missed is expanded anew."""

    async def expand(self, now: datetime, limit: int) -> int | None:
        """Give birth to the reminders of some groups in one transaction; how many.

        Of the live groups with a slot due at `now` and not expanded, the oldest; None
        where there is none left.
        """

    async def expand_trials(self, now: datetime) -> int:
        """Give the permits with a staff phone their current step; how many got one.

        Only of types on trial. No slot counts as expanded by that.
        """


async def expand(
    store: ExpandStore, clock: Clock, is_stopping: StopSignal = never_stop
) -> int:
    """Give birth to the reminders of every live slot due by now; how many.

    Where a type is on trial, only to those of permits with a staff member's phone. What
    was missed only because the clock had run ahead is due again.
    """
    born = 0
    now = clock.now()
    await store.handle_clock_set_back(now)
    while (some := await store.expand(now, GROUPS_PER_TRANSACTION)) is not None:
        born += some
        if is_stopping():
            return born
    return born + await store.expand_trials(now)
