"""Leases: of messages, whose worker may die, and of the rounds, which one makes."""

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


class RoundsStore(Protocol):
    """Which worker makes the rounds: it expands, checks the volume, settles and polls.

    Any other may take over a moment after it fell silent. Two that do so at the same
    time do the same twice, and harm nothing.
    """

    async def take(self) -> bool:
        """Take or prolong the rounds; False while another worker has them."""

    async def give_up(self) -> None:
        """Let another worker have the rounds at once: this one cannot make them."""

    async def checked_until(self) -> datetime | None:
        """Until when the volume guard has checked reminders; None before the first."""
