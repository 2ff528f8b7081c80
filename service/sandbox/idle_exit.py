"""When a sandbox process ends: after a signal, or after a time without requests."""

import asyncio
import signal

from aiohttp import web
from aiohttp.typedefs import Handler


class ExitWatcher:
    """Handles SIGTERM and SIGINT, and notes the time of the last request."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._exit_requested = asyncio.Event()
        self._clock = loop.time
        self._last_request_at = loop.time()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._exit_requested.set)

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
