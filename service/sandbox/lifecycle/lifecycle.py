"""Moves each accepted message from its first status to its final one."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta

from service.sandbox.lifecycle.status_callbacks import StatusCallbacks
from service.sandbox.messages.fates import EXPIRED_CODE, FAILED_STATUSES
from service.sandbox.messages.messages import POOL_NUMBER, Message, MessageLog

_QUEUED_STATUSES = frozenset({"accepted", "scheduled", "queued"})


class MessageLifecycle:
    """Changes statuses every `pace` seconds, with a callback for each change.

    A message that does not leave the queue within its ValidityPeriod fails
    (twilio.com/docs/api/errors/30036). After a restart, `resume` continues unfinished
    messages and posts each callback that is not in the log: a restart may repeat a
    callback, but loses none. Callbacks that a fault withheld stay withheld.
    """

    def __init__(
        self, messages: MessageLog, status_callbacks: StatusCallbacks, pace: float
    ) -> None:
        self._messages = messages
        self._status_callbacks = status_callbacks
        self._pace = pace
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, message: Message) -> None:
        """Start the status changes still ahead of a message."""
        self._spawn(self._run(message))

    def resume(self) -> None:
        """Continue where the log ends: missing callbacks, unfinished messages."""
        for message in self._messages.newest_first():
            if message.direction != "inbound":
                for status in message.statuses[1:]:
                    if status not in message.called_back | message.withheld:
                        self._call_back(message, status)
                if not message.is_final:
                    self.start(message)

    def advance(self, message: Message, status: str, code: int | None = None) -> None:
        """Log the next status of a message and post its callback.

        `code` is the error code, if it differs from that of its simulated delivery.
        """
        self._messages.record(
            "status",
            sid=message.sid,
            status=status,
            **{"from": message.sender or POOL_NUMBER},
            error_code=code or message.delivery.error_code
            if status in FAILED_STATUSES
            else None,
        )
        self._call_back(message, status)

    async def stop(self) -> None:
        """Cancel all status changes and callbacks; `resume` can continue them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, message: Message) -> None:
        if message.send_at:
            await _sleep_until(message.send_at)
        for status in message.delivery.statuses_after(message.status):
            in_time = await self._wait_for_step(message, status)
            if message.status == "canceled":
                return
            if not in_time:
                self.advance(message, "failed", EXPIRED_CODE)
                return
            self.advance(message, status)

    async def _wait_for_step(self, message: Message, status: str) -> bool:
        """Wait before the next status; False if the ValidityPeriod ended meanwhile."""
        if status in _QUEUED_STATUSES or message.status not in _QUEUED_STATUSES:
            await asyncio.sleep(self._pace)
            return True
        moves_at = datetime.now(UTC) + timedelta(seconds=self._pace)
        leaves_at = max(message.leaves_at, moves_at)
        await _sleep_until(min(leaves_at, message.valid_until))
        return leaves_at <= message.valid_until

    def _call_back(self, message: Message, status: str) -> None:
        if message.callback:
            self._spawn(
                self._status_callbacks.post_status(message, message.callback, status)
            )

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _sleep_until(at: datetime) -> None:
    await asyncio.sleep(max((at - datetime.now(UTC)).total_seconds(), 0))
