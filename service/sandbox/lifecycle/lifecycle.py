"""An accepted message lives on by itself, from its first status to its fate."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta

from service.sandbox.lifecycle.status_callbacks import StatusCallbacks
from service.sandbox.messages.fates import EXPIRED_CODE, FAILED_STATUSES
from service.sandbox.messages.messages import POOL_NUMBER, Message, MessageLog

_QUEUED_STATUSES = frozenset({"accepted", "scheduled", "queued"})


class MessageLifecycle:
    """Moves messages on, `pace` seconds a step, and calls back for every step.

    What does not leave the queue within its ValidityPeriod fails there
    (twilio.com/docs/api/errors/30036). `resume` carries on after a restart:
    unfinished messages go on, and a status whose callback is not in the log is called
    back then, so a callback may come twice, but never not at all because the sandbox
    stopped. What a fault withheld stays so.
    """

    def __init__(
        self, messages: MessageLog, receipts: StatusCallbacks, pace: float
    ) -> None:
        self._messages = messages
        self._receipts = receipts
        self._pace = pace
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, message: Message) -> None:
        """Let a message, new or half-way, go its way."""
        self._spawn(self._run(message))

    def resume(self) -> None:
        """Take up where the log ends."""
        for message in self._messages.newest_first():
            if message.direction != "inbound":
                for status in message.statuses[1:]:
                    if status not in message.called_back | message.withheld:
                        self._call_back(message, status)
                if not message.is_final:
                    self.start(message)

    def advance(self, message: Message, status: str, code: int | None = None) -> None:
        """Log the next status of a message and call back about it.

        `code` is why it failed, where that is not its fate's.
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
        """Drop everything that moves; `resume` can pick it up."""
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
        """Wait before the next status; False where the queue kept it for too long."""
        if status in _QUEUED_STATUSES or message.status not in _QUEUED_STATUSES:
            await asyncio.sleep(self._pace)
            return True
        moves_at = datetime.now(UTC) + timedelta(seconds=self._pace)
        leaves_at = max(message.leaves_at, moves_at)
        await _sleep_until(min(leaves_at, message.valid_until))
        return leaves_at <= message.valid_until

    def _call_back(self, message: Message, status: str) -> None:
        if message.callback:
            self._spawn(self._receipts.post_status(message, message.callback, status))

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _sleep_until(at: datetime) -> None:
    await asyncio.sleep(max((at - datetime.now(UTC)).total_seconds(), 0))
