"""Waking the flow: APScheduler rings, every ring is "all rows due by now".

A missed or late ring costs lateness, never a reminder; no job is ever stored.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from service.domain.errors import PermitRemindersError
from service.flow.sending.tick import TickResult

log = logging.getLogger(__name__)


class TickScheduler:
    """Passes, one at a time; a failing one is logged and the next one tries again."""

    def __init__(self, tick: Callable[[], Awaitable[TickResult]]) -> None:
        self._tick = tick
        self._lock = asyncio.Lock()
        self._last_failure: str | None = None

    def last_failure(self) -> str | None:
        """Why the last pass failed; None where it did not."""
        return self._last_failure

    @asynccontextmanager
    async def run_every(self, seconds: float) -> AsyncIterator[None]:
        """Pass at once and then every so many seconds.

        On leaving, the pass under way is waited for.
        """
        scheduler = AsyncIOScheduler(timezone="UTC")
        scheduler.add_job(
            self._run_once,
            "interval",
            seconds=seconds,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        scheduler.start()
        await self._run_once()
        try:
            yield
        finally:
            scheduler.pause()  # shutting down at once would cancel the pass under way
            async with self._lock:
                scheduler.shutdown(wait=False)

    async def _run_once(self) -> None:
        async with self._lock:
            try:
                done = await self._tick()
            except Exception as error:
                log.exception("tick failed; the next one tries again")
                self._last_failure = (
                    error.in_one_line
                    if isinstance(error, PermitRemindersError)
                    else type(error).__name__
                )
            else:
                log.log(
                    logging.INFO if done.has_activity else logging.DEBUG,
                    "tick %s",
                    done,
                )
                self._last_failure = None
