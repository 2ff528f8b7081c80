"""Claimed messages POSTed, some at once: as many as the provider bears.

A message row is POSTed at most once. Just before each POST the worker looks at its own
monotonic deadline, so that a process that slept past its lease sends nothing.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Protocol

from service.domain.delivery.concurrency import Pace
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.errors import SetUpError
from service.flow.permits.register import PHONE
from service.flow.ports import Provider, Said, Vault
from service.flow.rows import Outgoing
from service.flow.stop_signal import Stopping, never

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 20
"""POSTs under way at once: Twilio refuses concurrency, not rate (error 20429)."""

IN_VAIN: Final = 5
"""So many refused connections or unknown answers in a row: it is left alone a while."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What each message came to; `over`: the provider takes nothing for now."""

    said: Said
    over: bool


class Poster(Protocol):
    """POSTs for one provider; the pace it bears is remembered from round to round.

    Told to stop, it ends those under way and begins no more. `lanes`: how many rounds
    may be given to it side by side.
    """

    lanes: ClassVar[int]
    pace: Pace

    @property
    def provider(self) -> Provider:
        """Whom it POSTs to."""

    @property
    def vault(self) -> Vault:
        """What opens the phones."""

    @property
    def stopping(self) -> Stopping:
        """Whether it was told to stop."""

    async def post(self, messages: Sequence[Outgoing], deadline: float) -> Posted:
        """POST messages in their order; none after the deadline.

        None either once the account is refused, or several in a row found no provider.
        Instants are those of `elapsed`.
        """


@dataclass(slots=True)
class Posting:
    """A `Poster` in this process: two rounds at once would only hold each other up.

    `busy` are the POSTs under way, `left` the messages of all rounds to be begun yet.
    """

    lanes: ClassVar[int] = 1

    provider: Provider
    vault: Vault
    pace: Pace = field(default_factory=lambda: Pace.of(IN_FLIGHT))
    stopping: Stopping = never
    busy: int = field(default=0, init=False)
    left: int = field(default=0, init=False)

    async def post(
        self,
        messages: Sequence[Outgoing],
        deadline: float,
        since: float | None = None,
    ) -> Posted:
        """POST messages in their order; none after the deadline.

        Their time runs `since` they were claimed, else from now on.
        """
        began = elapsed() if since is None else since
        round_ = _Round(self, deque(messages), began, deadline)
        self.left += len(messages)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.pace.most, len(messages))):
                    group.create_task(round_.work())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # one thing broke off, not a group
        return Posted(round_.said, round_.over)


@dataclass(slots=True)
class _Round:
    to: Posting
    left: deque[Outgoing]
    began: float
    deadline: float
    said: list[tuple[Outgoing, Outcome]] = field(default_factory=list)
    turns: dict[str | None, float] = field(default_factory=dict)
    in_vain: int = 0
    over: bool = False

    async def work(self) -> None:
        """Take message after message while there is room."""
        while self.left:
            if self._hopeless():
                self._leave()
            elif wait := self._wait():
                await asyncio.sleep(wait)
            else:
                self.to.left -= 1
                await self._post(self.left.popleft())

    def _hopeless(self) -> bool:
        late = elapsed() > self.deadline
        return self.over or late or self.to.stopping()

    def _leave(self) -> None:
        """Whoever is left was provably not POSTed."""
        why = NotPosted("told to stop") if self.to.stopping() else NotPosted()
        self.said += [(one, why) for one in self.left]
        self.to.left -= len(self.left)
        self.left.clear()

    def _wait(self) -> float:
        """Seconds until the next message may go; 0: now."""
        now = elapsed()
        if self.to.busy >= self.to.pace.room(now):
            return _GLANCE
        first = self.left[0]
        late = self.turns.get(first.sent_from, self.began)
        return max(late + first.delay - now, 0.0)

    async def _post(self, message: Outgoing) -> None:
        begun = elapsed()
        # Its turn comes as much later as that of the one before it did: no bursts.
        self.turns[message.sent_from] = begun - message.delay
        self.to.busy += 1
        try:
            outcome = await self._ask(message, begun)
        finally:
            self.to.busy -= 1
        self.said.append((message, outcome))
        self._learn(outcome, begun)

    async def _ask(self, message: Outgoing, begun: float) -> Outcome:
        try:
            phone = self.to.vault.open(message.to, PHONE)
        except SetUpError:
            log.exception("message %s: its phone cannot be read", message.id)
            return NotPosted("phone cannot be read")
        left = message.valid_for - (begun - self.began)
        ready = replace(message, phone=phone, valid_for=left, post_until=self.deadline)
        return await self.to.provider.send(ready)

    def _learn(self, outcome: Outcome, begun: float) -> None:
        """Let the pace follow, and stop where nothing more would be taken."""
        pace, in_vain = self.to.pace, 0
        match outcome:
            case Accepted():
                self.to.pace = pace.went_well()
            case Refused(crowded=True):
                wait = outcome.retry_after or 0.0
                self.to.pace = pace.crowded(begun, elapsed(), wait)
            case Refused(kind=RefusalKind.ACCOUNT):
                self.over = True
            case Refused(kind=RefusalKind.RETRY_SAFE) | Unknown():
                in_vain = self.in_vain + 1
                self.over = self.over or in_vain >= IN_VAIN
            case Refused() | NotPosted():
                pass
        self.in_vain = in_vain


_GLANCE: Final = 0.01
"""Seconds between two looks at whether there is room."""


_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds on a clock that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(_CLOCK)
