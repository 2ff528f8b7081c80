"""The stop signal: whether the process has to stop, asked between two steps."""

from collections.abc import Callable

StopSignal = Callable[[], bool]


def never_stop() -> bool:
    """Return False: the work runs to its end."""
    return False
