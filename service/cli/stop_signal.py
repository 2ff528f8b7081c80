"""Signals to stop: the first ends the process in order, the second at once.

The handlers are plain ones, not the event loop's: they work before the loop runs and
while it is busy.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps
from types import FrameType
from typing import Concatenate, Final, NoReturn, ParamSpec, TypeVar

from service.cli.signal_handlers import EXIT_CODES, end_at_once, handled_by

P = ParamSpec("P")
T = TypeVar("T")

STOP_GRACE: Final = 9.5
"""Seconds after the first signal in which everything under way has to end.

Supervisors often kill after ten, as Docker does.
"""


class StoppedError(Exception):
    """A process that was asked to stop has left its work unfinished."""


class StopRequest:
    """Whether the process has been asked to stop; to be waited for in one event loop.

    A second request ends the process where it stands, and so does the end of the grace.
    That is no worse than a power cut: what it leaves unrecorded, the next process
    settles.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def is_set(self) -> bool:
        """Whether the process has to stop."""
        return self._number is not None

    @property
    def exit_code(self) -> int:
        """The exit code of a process that such a signal ended; 0 without one."""
        return EXIT_CODES[signal.Signals(self._number)] if self._number else 0

    def refuse(self) -> None:
        """Raise `StoppedError` once the process has to stop."""
        if self._number is not None:
            raise StoppedError

    async def wait(self) -> None:
        """Return once the process has to stop."""
        self._loop = asyncio.get_running_loop()
        if not self.is_set():
            await self._event.wait()

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Ask to stop; the second time, end the process."""
        if self.is_set():
            end_at_once(number)
        self._number = number
        _write_line("stopping: what is under way ends; again: at once")
        signal.signal(signal.SIGALRM, lambda *_: _give_up(number))
        signal.setitimer(signal.ITIMER_REAL, STOP_GRACE)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)


def refuse_between(rows: Iterable[T], stop: StopRequest) -> Iterator[T]:
    """Yield the rows; raises `StoppedError` once the process has to stop."""
    for row in rows:
        stop.refuse()
        yield row


def stoppable(
    command: Callable[Concatenate[StopRequest, P], None],
) -> Callable[P, None]:
    """Give a command a request that SIGTERM and Ctrl-C set from now on."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        stop = StopRequest()
        with handled_by(stop.on_signal):
            try:
                command(stop, *args, **kwargs)
            finally:
                # Python takes its handlers away while it ends: an alarm would kill it.
                signal.setitimer(signal.ITIMER_REAL, 0)

    return run


def _give_up(number: int) -> NoReturn:
    _write_line(f"not over after {STOP_GRACE} seconds: ended at once")
    end_at_once(number)


def _write_line(line: str) -> None:
    """Write without a buffer, which the code that a signal interrupts may be using."""
    with suppress(OSError):  # nobody reads any more: stopping is what matters
        os.write(2, f"{line}\n".encode())
