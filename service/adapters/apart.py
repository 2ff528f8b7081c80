"""POSTs from a process of their own, while claims go on in this one.

Either keeps an interpreter busy: together in one they only hold each other up. What a
hostile provider answers then stays away from the ledger and the office's pages, too.
"""

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, ClassVar, Final

from service.adapters.frames import framed, heard
from service.adapters.poster import FIELDS, STOP
from service.domain.delivery.concurrency import ConcurrencyLimit
from service.domain.delivery.outcome import NotPosted, Unknown
from service.flow.ports import Vault
from service.flow.sending.post import MAX_IN_FLIGHT, PostResult, monotonic_now
from service.flow.sending.provider import Outgoing, Provider
from service.flow.stop_signal import StopSignal

log = logging.getLogger(__name__)

Opening = Callable[[], AbstractAsyncContextManager[Provider]]
"""How the other process opens its own way to the provider; picklable."""

_GLANCE: Final = 0.1
"""Seconds between two looks at whether to stop."""

_NOT_STARTED: Final = NotPosted("the process that POSTs did not start")

_FIELDS: Final = attrgetter(*FIELDS)

_PATIENCE: Final = 60.0
"""Seconds after the deadline of a round: then the other process is stuck."""

_ENDING: Final = 5.0
"""Seconds it may take to end once it has nothing to do."""


@dataclass(slots=True)
class _Poster:
    """The other process: what it was given and has not answered yet."""

    process: Process
    ready: bool = False
    asked: int = 0
    waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    async def listen(self) -> None:
        """Take its answers until it ends; then nobody hears of the rest."""
        assert self.process.stdout is not None  # noqa: S101 - it was asked for
        try:
            await heard(self.process.stdout)
            self.ready = True
            while True:
                number, *told = await heard(self.process.stdout)
                self.waiting.pop(number).set_result(told)
        except EOFError:
            pass
        except BaseException:
            self.kill()
            raise
        finally:
            for one in self.waiting.values():
                one.set_result(None)
            self.waiting.clear()

    def lost(self) -> NotPosted | Unknown:
        """What a message came to that it was given before it died."""
        if self.ready:
            return Unknown("the process that POSTs has died")
        return _NOT_STARTED

    def say(self, what: object) -> None:
        """Tell it something; a process that is no more does not mind."""
        assert self.process.stdin is not None  # noqa: S101 - it was asked for
        self.process.stdin.write(framed(what))

    def kill(self) -> None:
        """End it where it stands."""
        with suppress(ProcessLookupError):
            self.process.kill()

    def ask(self, messages: Sequence[Outgoing], deadline: float) -> asyncio.Future[Any]:
        """Give it a round; what it answers, None where it dies before."""
        self.asked += 1
        self.waiting[self.asked] = answer = asyncio.get_running_loop().create_future()
        told = [*map(_FIELDS, messages)]
        self.say((self.asked, told, monotonic_now(), deadline))
        return answer


class Apart:
    """A `Poster` whose rounds are POSTed elsewhere; open it with `apart`.

    Should that process die, nobody knows what it has POSTed of a round; with the next
    round another one takes its place.
    """

    lanes: ClassVar[int] = 2

    def __init__(
        self,
        opening: Opening,
        provider: Provider,
        vault: Vault,
        stopping: StopSignal,
        configure: Callable[[], None],
    ) -> None:
        self.pace = ConcurrencyLimit.start(MAX_IN_FLIGHT)
        self.provider, self.vault, self.is_stopping = provider, vault, stopping
        self._given = opening, vault, configure
        self._poster: _Poster | None = None
        self._listening: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()

    async def post(self, messages: Sequence[Outgoing], deadline: float) -> PostResult:
        """POST messages in their order; none after the deadline."""
        if not messages:
            return PostResult((), is_blocked=False)
        try:
            poster = await self.begin()
        except OSError as error:
            log.error("the process that POSTs cannot begin: %s", error)  # noqa: TRY400
            return PostResult(
                [(one, _NOT_STARTED) for one in messages], is_blocked=True
            )
        answer = poster.ask(messages, deadline)
        told = False
        while not answer.done():
            if self.is_stopping() and not told:
                poster.say(STOP)
                told = True
            if monotonic_now() > deadline + _PATIENCE:
                poster.kill()
            await asyncio.wait({answer}, timeout=_GLANCE)
        if answer.result() is None:
            lost = poster.lost()
            log.error(
                "%s: its round of %d messages is lost", lost.reason, len(messages)
            )
            return PostResult([(one, lost) for one in messages], is_blocked=True)
        outcomes, over, self.pace = answer.result()
        return PostResult([(messages[at], one) for at, one in outcomes], over)

    async def begin(self) -> _Poster:
        """The other process; a new one where there is none that lives."""
        async with self._beginning:
            if self._listening is None or self._listening.done():
                with _signals_are_ours():
                    process = await asyncio.create_subprocess_exec(
                        *(sys.executable, "-m", "service.adapters.poster"),
                        stdin=PIPE,
                        stdout=PIPE,
                    )
                self._poster = _Poster(process)
                self._poster.say(self._given)
                self._listening = asyncio.create_task(self._poster.listen())
        assert self._poster is not None  # noqa: S101 - just begun
        return self._poster

    async def end(self) -> None:
        """Let the other process end, which has nothing to do any more."""
        if self._poster is None:
            return
        process = self._poster.process
        assert process.stdin is not None  # noqa: S101 - it was asked for
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _ENDING)
        except TimeoutError:
            self._poster.kill()


@contextmanager
def _signals_are_ours() -> Iterator[None]:
    """Keep signals to end from what is begun: Ctrl-C reaches all of a terminal's."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@asynccontextmanager
async def apart(
    opening: Opening,
    provider: Provider,
    vault: Vault,
    stopping: StopSignal,
    configure: Callable[[], None],
) -> AsyncIterator[Apart]:
    """POST from a process that ends with this one, however this one ends.

    `configure` is what it does first, about its log.
    """
    poster = Apart(opening, provider, vault, stopping, configure)
    await poster.begin()
    try:
        yield poster
    finally:
        await poster.end()
