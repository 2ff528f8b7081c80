"""Wakes the flow with APScheduler: every tick handles all rows that are due by now.

A missed or late tick makes reminders late but never loses one; no job is stored.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from service.domain.errors import PermitRemindersError
from service.flow.sending.tick import TickResult

log = logging.getLogger(__name__)

_SHORTFALL: Final = "shortfall"
"""The cause of passes that could not do all; how much it was may change."""


class TickScheduler:
    """Runs one tick at a time; a failure is logged, and the next tick tries again.

    What is due now and when next (`describe_outlook`) is logged after the first tick,
    and after each that did something. Ticks go on if it fails: that is a line in the
    log.
    """

    def __init__(
        self,
        tick: Callable[[], Awaitable[TickResult]],
        describe_outlook: Callable[[], Awaitable[str]],
    ) -> None:
        self._tick = tick
        self._describe_outlook = describe_outlook
        self._logged_outlook: str | None = None
        self._failed_outlook: str | None = None
        self._open_outcomes = 0
        self._lock = asyncio.Lock()
        self._last_failure: str | None = None
        self._logged_cause: str | None = None

    def last_failure(self) -> str | None:
        """Return why the last tick failed, or what it could not do; None if neither."""
        return self._last_failure

    @asynccontextmanager
    async def run_every(self, seconds: float) -> AsyncIterator[None]:
        """Tick at once, and then at this interval.

        On leaving, wait for the tick under way.
        """
        scheduler = AsyncIOScheduler(timezone="UTC")
        job = scheduler.add_job(
            self._run_once,
            "interval",
            seconds=seconds,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        scheduler.start()
        following = asyncio.create_task(_follow_clock(job, seconds))
        await self._run_once()
        try:
            yield
        finally:
            following.cancel()
            scheduler.pause()  # a shutdown would cancel the tick under way
            async with self._lock:
                scheduler.shutdown(wait=False)

    async def _run_once(self) -> None:
        async with self._lock:
            try:
                done = await self._tick()
            except Exception as error:  # noqa: BLE001 - it is logged, and the next follows
                self._note_failure(error)
            else:
                self._note_success(done)
                await self._log_activity(done)

    def _note_failure(self, error: Exception) -> None:
        """Log each cause once; with its traceback, unless its line says what to do."""
        is_known = isinstance(error, PermitRemindersError)
        reason = _in_one_line(error)
        cause = f"{reason} {error}"
        if cause != self._logged_cause:
            log.error("tick failed: %s", reason, exc_info=None if is_known else error)
        self._last_failure, self._logged_cause = reason, cause

    def _note_success(self, done: TickResult) -> None:
        if done.shortfall is not None:
            if self._logged_cause != _SHORTFALL:
                log.warning("tick: %s", done.shortfall)
            self._last_failure, self._logged_cause = done.shortfall, _SHORTFALL
        else:
            if self._last_failure is not None:
                log.info("ticks succeed again")
            self._last_failure = self._logged_cause = None

    async def _log_activity(self, done: TickResult) -> None:
        is_quiet = not done.has_activity and done.open_outcomes == self._open_outcomes
        log.log(logging.DEBUG if is_quiet else logging.INFO, "tick %s", done)
        self._open_outcomes = done.open_outcomes
        if not is_quiet or self._logged_outlook is None:
            await self._log_outlook()

    async def _log_outlook(self) -> None:
        try:
            outlook = await self._describe_outlook()
        except Exception as error:  # noqa: BLE001 - it is logged, and ticks go on
            reason = _in_one_line(error)
            if reason != self._failed_outlook:
                log.warning("what is due next is not known: %s", reason)
            self._failed_outlook = reason
            return
        self._failed_outlook = None
        if outlook != self._logged_outlook:
            log.info(outlook)
            self._logged_outlook = outlook


def _in_one_line(error: Exception) -> str:
    if isinstance(error, PermitRemindersError):
        return error.in_one_line
    return type(error).__name__


async def _follow_clock(job: Job, seconds: float) -> None:
    """Set the next run anew when the machine's clock was set back.

    APScheduler waits for a time of day: it would not run until the clock is there.
    """
    while True:
        await asyncio.sleep(seconds)
        ahead = job.next_run_time - datetime.now(UTC)  # noqa: TID251 - the scheduler's
        if ahead > timedelta(seconds=2 * seconds):
            job.reschedule("interval", seconds=seconds)
