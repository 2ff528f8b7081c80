"""An accepted message lives on by itself, from its first status to its fate."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime

from service.sandbox.fates import FAILED
from service.sandbox.messages import Message, Messages
from service.sandbox.receipts import Receipts

POOL_NUMBER = "+15005550006"


class Lives:
    """Moves messages on, `pace` seconds a step, and calls back for every step.

    A messaging service's sender is Twilio's good magic number. `resume` carries on
    after a restart: unfinished messages go on, and a status whose callback is not in
    the log is called back then, so a callback may come twice, but never not at all
    because the sandbox stopped. What a fault withheld stays so.
    """

    def __init__(self, messages: Messages, receipts: Receipts, pace: float) -> None:
        self._messages = messages
        self._receipts = receipts
        self._pace = pace
        self._tasks: set[asyncio.Task[object]] = set()

    def begin(self, message: Message) -> None:
        """Let a message, new or half-way, go its way."""
        self._spawn(self._live(message))

    def resume(self) -> None:
        """Take up where the log ends."""
        for message in self._messages.newest_first():
            if message.direction != "inbound":
                for status in message.statuses[1:]:
                    if status not in message.told | message.withheld:
                        self._call_back(message, status)
                if not message.over:
                    self.begin(message)

    def move(self, message: Message, status: str) -> None:
        """Log the next status of a message and call back about it."""
        self._messages.record(
            "status",
            sid=message.sid,
            status=status,
            **{"from": message.sender or POOL_NUMBER},
            error_code=message.fate.error_code if status in FAILED else None,
        )
        self._call_back(message, status)

    async def stop(self) -> None:
        """Drop everything that moves; `resume` can pick it up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _live(self, message: Message) -> None:
        if message.send_at:
            wait = (message.send_at - datetime.now(UTC)).total_seconds()
            await asyncio.sleep(max(wait, 0))
        for status in message.fate.after(message.status):
            await asyncio.sleep(self._pace)
            if message.status == "canceled":
                return
            self.move(message, status)

    def _call_back(self, message: Message, status: str) -> None:
        if message.callback:
            self._spawn(self._receipts.announce(message, message.callback, status))

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
