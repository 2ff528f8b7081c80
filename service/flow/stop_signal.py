"""Whether we were told to stop: asked where nothing is under way."""

from collections.abc import Callable

StopSignal = Callable[[], bool]


def never_stop() -> bool:
    """Nobody tells us: what was begun is done to its end."""
    return False
