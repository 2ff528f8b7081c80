"""Slots that fell due become reminders."""

from service.domain.births import births
from service.flow.ports import Clock, ExpandStore

GROUPS = 200
"""Groups a transaction: one group is a (version, authority, expiry date)."""


async def expand(store: ExpandStore, clock: Clock) -> int:
    """Give birth to the reminders of every live slot due by now; how many."""
    born = 0
    now = clock.now()
    while groups := await store.due_groups(now, GROUPS):
        plans = [(one, births(one.slots, now, one.live_from)) for one in groups]
        born += await store.expand(plans, now)
    return born
