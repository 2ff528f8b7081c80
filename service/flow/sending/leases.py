"""Take back messages whose lease has ended: their worker died, or was too slow."""

from datetime import datetime
from typing import Final, Protocol

LONGEST_LEASE: Final = 60.0
"""Seconds: no worker claims for longer, whatever its settings."""


class LeaseStore(Protocol):
    """The leases of claimed messages, on the database's clock."""

    async def expire_leases(self, now: datetime) -> int:
        """Settle messages whose lease ended without an outcome; count them.

        What was not begun was not POSTed: its reminders are due again at once, and the
        message is gone. What was begun becomes uncertain, and so does what an earlier
        release claimed, which did not say. A lease that a clock wrote which ran ahead
        ends `LONGEST_LEASE` from now.
        """
