"""When a sandbox process ends: after a signal, a time without requests, or unused."""

import asyncio
import fcntl
import signal
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from aiohttp import web
from aiohttp.typedefs import Handler


class ExitWatcher:
    """Handles SIGTERM and SIGINT, and notes the time of the last request."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._exit_requested = asyncio.Event()
        self._loop = loop
        self._clock = loop.time
        self._last_request_at = loop.time()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._exit_requested.set)

    def exit_when_unused(self, users: Path) -> None:
        """Exit once no process holds a lock (`flock`) on this file.

        From then on this process holds it alone, until it has ended.
        """
        Thread(
            target=self._wait_until_unused, args=[users.open("ab")], daemon=True
        ).start()

    def _wait_until_unused(self, users: BinaryIO) -> None:
        fcntl.flock(users, fcntl.LOCK_EX)
        with suppress(RuntimeError):  # it is ending already
            self._loop.call_soon_threadsafe(self._exit_requested.set)

    async def wait_for_exit(self, idle: float) -> None:
        """Return after a signal, or `idle` seconds without a request (0: never)."""
        while not self._exit_requested.is_set():
            left = self._last_request_at + idle - self._clock() if idle else None
            if left is not None and left <= 0:
                return
            try:
                await asyncio.wait_for(self._exit_requested.wait(), left)
            except TimeoutError:
                continue

    @web.middleware
    async def note_request(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Note the time at the start and at the end of every request."""
        self._last_request_at = self._clock()
        try:
            return await handler(request)
        finally:
            self._last_request_at = self._clock()
