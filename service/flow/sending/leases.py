"""Take back messages whose lease has ended: their worker died, or was too slow."""

from datetime import datetime
from typing import Protocol


class LeaseStore(Protocol):
    """The leases of claimed messages, on the database's clock."""

    async def expire_leases(self, now: datetime) -> int:
        """Settle messages whose lease ended without an outcome; count them.

        What was not begun was not POSTed: its reminders are due again at once, and the
        message is gone. What was begun becomes uncertain, and so does what an earlier
        release claimed, which did not say.
        """
