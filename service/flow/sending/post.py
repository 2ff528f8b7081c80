"""POSTs claimed messages, several at once: as many as the provider takes.

A message row is POSTed at most once. Just before each POST the worker checks its own
monotonic deadline, so that a process that slept past its lease sends nothing.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from service.domain.delivery.concurrency import ConcurrencyLimit
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.errors import SetUpError
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.ports import Vault
from service.flow.sending.claim_rows import Outcomes
from service.flow.sending.provider import Outgoing, Provider
from service.flow.stop_signal import StopSignal, never_stop

log = logging.getLogger(__name__)

MAX_IN_FLIGHT: Final = 20
"""POSTs under way at once: Twilio refuses concurrency, not rate (error 20429)."""

MAX_CONSECUTIVE_FAILURES: Final = 5
"""Refused connections or unknown outcomes in a row that end a round."""


@dataclass(frozen=True, slots=True)
class PostResult:
    """The outcome of each message, and whether the provider takes nothing for now."""

    outcomes: Outcomes
    is_blocked: bool


@dataclass(slots=True)
class Poster:
    """POSTs to one provider; remembers from round to round how many at once it takes.

    When it has to stop, it waits for the POSTs under way and starts no more.
    """

    provider: Provider
    vault: Vault
    pace: ConcurrencyLimit = field(
        default_factory=lambda: ConcurrencyLimit.start(MAX_IN_FLIGHT)
    )
    is_stopping: StopSignal = never_stop

    async def post(self, messages: Sequence[Outgoing], deadline: float) -> PostResult:
        """POST messages in their order, none after the deadline.

        Stops early when the provider refuses the account, or when several POSTs in a
        row reach no provider. The deadline is an instant of `monotonic_now`.
        """
        round_ = _Round(self, deque(messages), monotonic_now(), deadline)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.pace.maximum, len(messages))):
                    group.create_task(round_.run())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # one error, not a group of one
        return PostResult(round_.outcomes, round_.is_blocked)


@dataclass(slots=True)
class _Round:
    poster: Poster
    queue: deque[Outgoing]
    began: float
    deadline: float
    outcomes: list[tuple[Outgoing, Outcome]] = field(default_factory=list)
    sender_turns: dict[str | None, float] = field(default_factory=dict)
    in_flight: int = 0
    consecutive_failures: int = 0
    is_blocked: bool = False

    async def run(self) -> None:
        """POST message after message while the pace leaves room."""
        while self.queue:
            if self._must_stop():
                self._mark_not_posted()
            elif wait := self._seconds_to_wait():
                await asyncio.sleep(wait)
            else:
                await self._post(self.queue.popleft())

    def _must_stop(self) -> bool:
        late = monotonic_now() > self.deadline
        return self.is_blocked or late or self.poster.is_stopping()

    def _mark_not_posted(self) -> None:
        """Record the messages left: they were provably not POSTed."""
        why = NotPosted("told to stop") if self.poster.is_stopping() else NotPosted()
        self.outcomes += [(one, why) for one in self.queue]
        self.queue.clear()

    def _seconds_to_wait(self) -> float:
        """Seconds until the next message may be POSTed; 0 for now."""
        now = monotonic_now()
        if self.in_flight >= self.poster.pace.allowed_at(now):
            return _POLL_INTERVAL
        first = self.queue[0]
        late = self.sender_turns.get(first.sent_from, self.began)
        return max(late + first.delay - now, 0.0)

    async def _post(self, message: Outgoing) -> None:
        begun = monotonic_now()
        # A turn that came late delays the sender's next ones as much: no bursts.
        self.sender_turns[message.sent_from] = begun - message.delay
        self.in_flight += 1
        try:
            outcome = await self._send(message, begun)
        finally:
            self.in_flight -= 1
        self.outcomes.append((message, outcome))
        self._adjust_pace(outcome, begun)

    async def _send(self, message: Outgoing, begun: float) -> Outcome:
        try:
            phone = self.poster.vault.decrypt(message.encrypted_phone, PHONE_COLUMN)
        except SetUpError:
            log.exception("message %s: its phone cannot be read", message.id)
            return NotPosted("phone cannot be read")
        left = message.valid_for - (begun - self.began)
        ready = replace(message, phone=phone, valid_for=left, post_until=self.deadline)
        return await self.poster.provider.send(ready)

    def _adjust_pace(self, outcome: Outcome, begun: float) -> None:
        """Adapt the pace, and stop if the provider would take nothing more."""
        pace, failures = self.poster.pace, 0
        match outcome:
            case Accepted():
                self.poster.pace = pace.after_success()
            case Refused(over_concurrency=True):
                wait = outcome.retry_after or 0.0
                self.poster.pace = pace.after_refusal(begun, monotonic_now(), wait)
            case Refused(kind=RefusalKind.ACCOUNT):
                self.is_blocked = True
            case Refused(kind=RefusalKind.RETRY_SAFE) | Unknown():
                failures = self.consecutive_failures + 1
                self.is_blocked = (
                    self.is_blocked or failures >= MAX_CONSECUTIVE_FAILURES
                )
            case Refused() | NotPosted():
                pass
        self.consecutive_failures = failures


_POLL_INTERVAL: Final = 0.01
"""Seconds between two checks whether the pace leaves room."""


_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def monotonic_now() -> float:
    """Seconds on a monotonic clock; on Linux it runs while the machine sleeps."""
    return time.clock_gettime(_CLOCK)
