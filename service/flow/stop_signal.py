"""Whether we were told to stop: asked where nothing is under way."""

from collections.abc import Callable

Stopping = Callable[[], bool]


def never() -> bool:
    """Nobody tells us: what was begun is done to its end."""
    return False
