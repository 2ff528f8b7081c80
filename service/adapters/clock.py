"""The `Clock` port: real time, or a simulated one that a demo moves."""

from datetime import UTC, datetime
from typing import Final

from service.domain.errors import SetUpError

_EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Earlier than any release: a clock before it was never set."""


class SystemClock:
    """The `Clock` of real time."""

    def now(self) -> datetime:
        """The present instant in UTC; raises `SetUpError` if the clock was never set.

        A machine without a battery starts in 1970. Then every slot would be to come.
        """
        now = datetime.now(UTC)
        if now < _EARLIEST:
            raise SetUpError(
                f"the clock of this machine shows {now:%Y-%m-%d %H:%M} UTC; set it: "
                "until then nothing is sent"
            )
        return now


class SimulatedClock:
    """A simulated `Clock`; it stands still until `move_to` is called."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The simulated instant in UTC."""
        return self._now

    def move_to(self, now: datetime) -> None:
        """Set the time; also backwards, as can happen to real clocks."""
        self._now = now.astimezone(UTC)
