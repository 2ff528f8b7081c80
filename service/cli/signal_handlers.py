"""What a signal does to a command that handles none itself: nothing but end it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

INTERRUPTED: Final = 130  # as shells report it: 128 + SIGINT
TERMINATED: Final = 143  # 128 + SIGTERM

EXIT_CODES: Final = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}
"""The exit code of a process that such a signal ended at once."""


@contextmanager
def handled_by(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handle SIGINT and SIGTERM so; on leaving, as before."""
    before = {number: signal.signal(number, handler) for number in EXIT_CODES}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """End the process at once on a signal, while nothing has begun.

    An exception in the middle of an import may be lost, and the signal with it.
    """
    with handled_by(end_at_once):
        yield


def end_at_once(number: int, _: FrameType | None = None) -> NoReturn:
    """End the process where it stands, with the exit code that shells expect."""
    os._exit(EXIT_CODES[signal.Signals(number)])
