"""Waking the flow: APScheduler rings, every ring is "all rows due by now".

A missed or late ring costs lateness, never a reminder; no job is ever stored.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from service.flow.tick import Passed

log = logging.getLogger(__name__)


@asynccontextmanager
async def ticking(
    tick: Callable[[], Awaitable[Passed]], seconds: float
) -> AsyncIterator[None]:
    """Call `tick` at once and then every so many seconds, one call at a time.

    A failing pass is logged and the next one tries again. On leaving, the pass under
    way is waited for.
    """
    running = _Running(tick)
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        running.once,
        "interval",
        seconds=seconds,
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
    )
    scheduler.start()
    await running.once()
    try:
        yield
    finally:
        scheduler.pause()  # shutting down at once would cancel the pass under way
        await running.drained()
        scheduler.shutdown(wait=False)


class _Running:
    """One pass at a time, and a way to wait for it."""

    def __init__(self, tick: Callable[[], Awaitable[Passed]]) -> None:
        self._tick = tick
        self._lock = asyncio.Lock()

    async def once(self) -> None:
        async with self._lock:
            try:
                done = await self._tick()
            except Exception:
                log.exception("tick failed; the next one tries again")
            else:
                log.log(logging.INFO if done.busy else logging.DEBUG, "tick %s", done)

    async def drained(self) -> None:
        async with self._lock:
            return
