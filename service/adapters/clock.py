"""The `Clock` port: real time, or a simulated one that a demo moves."""

from datetime import UTC, datetime


class SystemClock:
    """The `Clock` of real time."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


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
