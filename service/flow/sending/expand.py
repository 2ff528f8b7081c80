"""Slots that fell due become reminders."""

from service.flow.ports import Clock, ExpandStore
from service.flow.stop_signal import Stopping, never

GROUPS = 1000
"""Groups a transaction: one group is a (series, authority, expiry date)."""


async def expand(store: ExpandStore, clock: Clock, stopping: Stopping = never) -> int:
    """Give birth to the reminders of every live slot due by now; how many.

    Where a type is on trial, only to those of permits with a staff member's phone. What
    was missed only because the clock had run ahead is due again.
    """
    born = 0
    now = clock.now()
    await store.keep_time(now)
    while (some := await store.expand(now, GROUPS)) is not None:
        born += some
        if stopping():
            return born
    return born + await store.expand_trials(now)
