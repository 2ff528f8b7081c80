"""Wakes the flow with APScheduler: every tick handles all rows that are due by now.

A missed or late tick makes reminders late but never loses one; no job is stored.
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
    """Runs one tick at a time; a failure is logged, and the next tick tries again."""

    def __init__(self, tick: Callable[[], Awaitable[TickResult]]) -> None:
        self._tick = tick
        self._lock = asyncio.Lock()
        self._last_failure: str | None = None

    def last_failure(self) -> str | None:
        """Return why the last tick failed; None if it did not."""
        return self._last_failure

    @asynccontextmanager
    async def run_every(self, seconds: float) -> AsyncIterator[None]:
        """Tick at once, and then at this interval.

        On leaving, wait for the tick under way.
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
            scheduler.pause()  # a shutdown would cancel the tick under way
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
