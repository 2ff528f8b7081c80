"""Calls that may hang, in threads that nobody has to wait for.

A driver of a database may wait for ever. A thread of a pool would then keep the process
from ending; a daemon thread ends with it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock, Thread
from typing import TypeVar

T = TypeVar("T")


class TooManyHangingError(Exception):
    """As many calls as are allowed hang already."""


class DaemonThreads:
    """Runs calls by name; those that hang count against the limit of their name."""

    def __init__(self) -> None:
        self._running = Counter[str]()
        self._lock = Lock()

    async def run(self, name: str, most: int, call: Callable[[], T]) -> T:
        """Run a call in a thread of its own; raises what it raises.

        Cancelled, it leaves the thread alone. Raises `TooManyHangingError` if `most`
        calls of this name run already.
        """
        with self._lock:
            if self._running[name] >= most:
                raise TooManyHangingError
            self._running[name] += 1
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        thread = Thread(
            target=self._run, args=(name, call, loop, done), name=name, daemon=True
        )
        thread.start()
        return await done

    def _run(
        self,
        name: str,
        call: Callable[[], T],
        loop: asyncio.AbstractEventLoop,
        done: "asyncio.Future[T]",
    ) -> None:
        try:
            finish = partial(done.set_result, call())
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            finish = partial(done.set_exception, error)
        with self._lock:
            self._running[name] -= 1
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_finish, done, finish)


def _finish(done: "asyncio.Future[T]", finish: Callable[[], None]) -> None:
    if not done.done():
        finish()
