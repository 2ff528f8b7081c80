"""Slots that fell due become reminders."""

from service.flow.ports import Clock, ExpandStore
from service.flow.stop_signal import StopSignal, never_stop

GROUPS_PER_TRANSACTION = 1000
"""Groups a transaction: one group is a (series, authority, expiry date)."""


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
