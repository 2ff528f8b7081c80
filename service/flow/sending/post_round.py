"""One round of POSTs: claimed messages are begun in groups, POSTed and recorded.

A message row is POSTed at most once. Messages are marked as begun just before they are
POSTed: what a process that dies leaves unknown is what it had begun and not recorded.
Just before each POST the worker checks its own monotonic deadline, so that a process
that slept past its lease sends nothing.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from service.domain.delivery.circuit import LONGEST_WAIT, MAX_FAILURES, PostEvidence
from service.domain.delivery.concurrency import ConcurrencyLimit
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.retry import UNPOSTABLE_WAIT
from service.domain.errors import SetUpError
from service.flow.monotonic import monotonic_now
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.ports import Vault
from service.flow.sending.claim_rows import Outcomes
from service.flow.sending.provider import Outgoing, Provider
from service.flow.stop_signal import StopSignal

log = logging.getLogger(__name__)

MAX_GROUP: Final = 20
"""Messages marked as begun at once."""

LOOK_AHEAD: Final = 1.0
"""Seconds: a message is begun at most so long before its sender's turn."""

STOP_GRACE: Final = 6.0
"""Seconds that POSTs under way have to be answered once the process has to stop."""


_POLL_INTERVAL: Final = 0.05
"""Seconds between two checks whether the process has to stop, or a turn has come."""


class RecordAndBegin(Protocol):
    """Records what was answered, and marks the next messages as begun."""

    async def __call__(
        self, outcomes: Outcomes, evidence: PostEvidence, group: Sequence[Outgoing]
    ) -> Collection[str]:
        """Return the ids of the messages that may be POSTed now, of this group."""


@dataclass(slots=True)
class PostRound:
    """Messages on their way: in the queue, ready (begun), in flight, answered."""

    provider: Provider
    vault: Vault
    pace: ConcurrencyLimit
    is_stopping: StopSignal
    queue: deque[Outgoing]
    deadline: float
    record_and_begin: RecordAndBegin
    size: int
    started: float = field(default_factory=monotonic_now)
    ready: deque[Outgoing] = field(default_factory=deque)
    in_flight: int = 0
    limits: set[asyncio.Timeout] = field(default_factory=set)
    outcomes: list[tuple[Outgoing, Outcome]] = field(default_factory=list)
    judged: list[tuple[Outcome, bool]] = field(default_factory=list)
    sender_turns: dict[str | None, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    seen: PostEvidence = field(default_factory=PostEvidence)
    posted: int = 0
    late: int = 0
    is_beginning: bool = False
    is_blocked: bool = False
    error: Exception | None = None

    async def run(self) -> None:
        """Begin and POST message after message, as the pace leaves room."""
        async with asyncio.TaskGroup() as tasks:
            while self.queue or self.ready or self.in_flight or self.is_beginning:
                self._drop_if_over()
                while message := self._next_to_post():
                    tasks.create_task(self._post(message, monotonic_now()))
                if group := self._next_to_begin():
                    tasks.create_task(self._begin(group))
                await self._wait_for_change()

    async def record_rest(self) -> None:
        """Record what is not recorded yet; raise the error that ended the round."""
        if self.outcomes:
            evidence = PostEvidence.of(self.judged)
            await self.record_and_begin(self.outcomes, evidence, ())
        if self.error is not None:
            raise self.error

    def _drop_if_over(self) -> None:
        """Give up the messages that are not in flight, if the round is over."""
        if self.is_stopping():
            self._end_posts_soon()
        if self._is_over():
            self._give_up([*self.ready, *self.queue])
            self.ready.clear()
            self.queue.clear()

    def _is_over(self) -> bool:
        is_late = monotonic_now() > self.deadline
        return self.is_blocked or is_late or self.is_stopping()

    def _give_up(self, messages: Sequence[Outgoing]) -> None:
        self.late += 0 if self.is_blocked or self.is_stopping() else len(messages)
        self.outcomes += [(one, NotPosted()) for one in messages]

    def _end_posts_soon(self) -> None:
        end = asyncio.get_running_loop().time() + STOP_GRACE
        for limit in self.limits:
            if limit.when() is None:
                limit.reschedule(end)

    def _next_to_post(self) -> Outgoing | None:
        now = monotonic_now()
        room = self.pace.allowed_at(now) - self.in_flight
        if not self.ready or room <= 0 or self._turn_of(self.ready[0]) > now:
            return None
        message = self.ready.popleft()
        self.in_flight += 1
        # A turn that came late delays the sender's next ones as much: no bursts.
        self.sender_turns[message.sent_from] = now - message.delay
        return message

    def _next_to_begin(self) -> list[Outgoing]:
        """The next group: while one is under way, another is ready, and no more."""
        now = monotonic_now()
        if self.is_beginning or self.ready:
            return []
        room = 2 * self.pace.allowed_at(now) - self.in_flight
        group: list[Outgoing] = []
        while (
            self.queue
            and len(group) < min(MAX_GROUP, room)
            and self._turn_of(self.queue[0]) <= now + LOOK_AHEAD
        ):
            group.append(self.queue.popleft())
        self.is_beginning = bool(group)
        return group

    def _turn_of(self, message: Outgoing) -> float:
        """The instant at which it is the turn of the message's sender."""
        return self.sender_turns.get(message.sent_from, self.started) + message.delay

    async def _wait_for_change(self) -> None:
        self.changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_INTERVAL):
                await self.changed.wait()

    async def _begin(self, group: Sequence[Outgoing]) -> None:
        """Record what was answered, and mark the group as begun."""
        outcomes, judged = self.outcomes, self.judged
        self.outcomes, self.judged = [], []
        begun: Collection[str] = ()
        try:
            evidence = PostEvidence.of(judged)
            begun = await self.record_and_begin(outcomes, evidence, group)
        except Exception as error:  # noqa: BLE001 - raised once POSTs under way ended
            self.error = error
            self.outcomes, self.judged = outcomes + self.outcomes, judged + self.judged
        self.ready += [one for one in group if one.id in begun]
        self.outcomes += [(one, NotPosted()) for one in group if one.id not in begun]
        self.is_blocked = self.is_blocked or not begun
        self.is_beginning = False
        self.changed.set()

    async def _post(self, message: Outgoing, begun: float) -> None:
        if self._is_over():
            self.in_flight -= 1
            self._give_up([message])
            return
        ran_alone = self.pace.allowed_at(begun) == 1 or self.size == 1
        outcome: Outcome = Unknown("no answer before the process had to stop")
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                self.limits.add(limit)
                outcome = await self._send(message, begun)
        self.limits.remove(limit)
        self.in_flight -= 1
        self.posted += not isinstance(outcome, NotPosted)
        self.outcomes.append((message, outcome))
        if not limit.expired():
            self._judge(outcome, ran_alone=ran_alone)
        self._adjust_pace(outcome, begun)
        self.changed.set()

    async def _send(self, message: Outgoing, begun: float) -> Outcome:
        try:
            phone = self.vault.decrypt(message.encrypted_phone, PHONE_COLUMN)
        except SetUpError:
            log.exception("message %s: its phone cannot be read", message.id)
            return NotPosted("phone cannot be read", UNPOSTABLE_WAIT)
        left = message.valid_for - (begun - self.started)
        ready = replace(message, phone=phone, valid_for=left, post_until=self.deadline)
        return await self.provider.send(ready)

    def _judge(self, outcome: Outcome, *, ran_alone: bool) -> None:
        """Collect evidence, and end the round if the provider takes nothing more."""
        self.judged.append((outcome, ran_alone))
        self.seen = self.seen.after(outcome, ran_alone=ran_alone)
        refused = isinstance(outcome, Refused) and outcome.kind is RefusalKind.ACCOUNT
        if refused or self.seen.failures >= MAX_FAILURES:
            self.is_blocked = True

    def _adjust_pace(self, outcome: Outcome, begun: float) -> None:
        match outcome:
            case Accepted():
                self.pace = self.pace.after_success()
            case Refused(over_concurrency=True):
                wait = min(outcome.retry_after or 0.0, LONGEST_WAIT)
                self.pace = self.pace.after_refusal(begun, monotonic_now(), wait)
            case _:
                pass
