"""The `Clock` port: real time, or a simulated one that a demo moves."""

from datetime import UTC, datetime


class SystemClock:
    """What time it is."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


class SimulatedClock:
    """What time it is said to be; stands still until somebody moves it."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The simulated instant in UTC."""
        return self._now

    def move_to(self, now: datetime) -> None:
        """Move the clock; also backwards, as real clocks do."""
        self._now = now.astimezone(UTC)
