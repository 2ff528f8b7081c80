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
from typing import Final

from service.domain.errors import SetUpError
from service.domain.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.pace import Pace
from service.flow.ports import Provider, Vault
from service.flow.register import PHONE
from service.flow.rows import Outgoing
from service.flow.stopping import Stopping, never

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 20
"""POSTs under way at once: Twilio refuses concurrency, not rate (error 20429)."""

IN_VAIN: Final = 5
"""So many refused connections in a row, and the provider is left alone till later."""

Said = list[tuple[Outgoing, Outcome]]


@dataclass(slots=True)
class Posting:
    """POSTs for one provider; the pace it bears is remembered from run to run.

    Told to stop, it ends those under way and begins no more.
    """

    provider: Provider
    vault: Vault
    pace: Pace = field(default_factory=lambda: Pace.of(IN_FLIGHT))
    stopping: Stopping = never

    def run(self, group: asyncio.TaskGroup) -> "Run":
        """Begin a run whose POSTs are tasks of a group."""
        return Run(self, group)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A message, when it was given to be POSTed, and until when that may begin."""

    message: Outgoing
    given: float
    deadline: float


@dataclass(slots=True)
class Run:
    """Messages POSTed in the order in which they are given, while more are claimed.

    Once the account is refused, or connections in a row are, it is `over`: what is
    left, and whatever else is given, is answered as not POSTed.
    """

    to: Posting
    group: asyncio.TaskGroup
    over: bool = False
    _left: deque[_Claimed] = field(default_factory=deque)
    _said: Said = field(default_factory=list)
    _posters: int = 0
    _busy: int = 0
    _in_vain: int = 0
    _unsent: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def give(self, messages: Sequence[Outgoing], deadline: float) -> None:
        """POST these as well, none after the deadline, an instant of `elapsed`."""
        now = elapsed()
        self._left.extend(_Claimed(one, now, deadline) for one in messages)
        wanted = min(self.to.pace.most, len(self._left)) - self._posters
        for _ in range(wanted):
            self._posters += 1
            self.group.create_task(self._work())

    async def until(self, unsent: int) -> None:
        """Wait until so few are left to be POSTed; 0: until all are answered."""
        self._unsent = unsent
        while not self._few():
            self._moved.clear()
            await self._moved.wait()

    def _few(self) -> bool:
        left = len(self._left)
        return left <= self._unsent and (self._unsent > 0 or not self._posters)

    def take(self) -> Said:
        """The answers there are since the last call."""
        said, self._said = self._said, []
        return said

    async def _work(self) -> None:
        """Take message after message while there is room."""
        try:
            while self._left:
                if self.over or self.to.stopping():
                    self._leave()
                elif wait := self._wait():
                    await asyncio.sleep(wait)
                else:
                    await self._next(self._left.popleft())
        finally:
            self._posters -= 1
            if self._few():
                self._moved.set()

    def _leave(self) -> None:
        """Whoever is left was provably not POSTed."""
        why = NotPosted("told to stop") if self.to.stopping() else NotPosted()
        self._said += [(one.message, why) for one in self._left]
        self._left.clear()

    def _wait(self) -> float:
        """Seconds until the next message may go; 0: now."""
        now = elapsed()
        if self._busy >= self.to.pace.room(now):
            return _GLANCE
        first = self._left[0]
        return max(first.given + first.message.delay - now, 0.0)

    async def _next(self, it: _Claimed) -> None:
        begun = elapsed()
        if self._few():
            self._moved.set()
        if begun > it.deadline:
            self._said.append((it.message, NotPosted()))
            return
        self._busy += 1
        try:
            outcome = await self._ask(it, begun - it.given)
        finally:
            self._busy -= 1
        self._said.append((it.message, outcome))
        self._learn(outcome, begun)

    async def _ask(self, it: _Claimed, waited: float) -> Outcome:
        try:
            phone = self.to.vault.open(it.message.to, PHONE)
        except SetUpError:
            log.exception("message %s: its phone cannot be read", it.message.id)
            return NotPosted("phone cannot be read")
        ready = replace(
            it.message,
            phone=phone,
            valid_for=it.message.valid_for - waited,
            post_until=it.deadline,
        )
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
            case Refused(kind=RefusalKind.RETRY_SAFE):
                in_vain = self._in_vain + 1
                self.over = self.over or in_vain >= IN_VAIN
            case Refused() | Unknown() | NotPosted():
                pass
        self._in_vain = in_vain


_GLANCE: Final = 0.01
"""Seconds between two looks at whether there is room."""


def elapsed() -> float:
    """Seconds on a clock that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
