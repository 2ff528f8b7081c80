"""How long a sandbox stays: until it is told to go, or nobody has called for long."""

import asyncio
import signal

from aiohttp import web
from aiohttp.typedefs import Handler


class ExitWatcher:
    """Watches for SIGTERM and SIGINT from the start, and for requests."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._told_to_go = asyncio.Event()
        self._now = loop.time
        self._seen = loop.time()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_go.set)

    async def wait_for_exit(self, idle: float) -> None:
        """Return after a signal, or `idle` seconds without a request unless 0."""
        while not self._told_to_go.is_set():
            left = self._seen + idle - self._now() if idle else None
            if left is not None and left <= 0:
                return
            try:
                await asyncio.wait_for(self._told_to_go.wait(), left)
            except TimeoutError:
                continue

    @web.middleware
    async def note_request(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Every request, at its start and at its end, is a sign of life."""
        self._seen = self._now()
        try:
            return await handler(request)
        finally:
            self._seen = self._now()
