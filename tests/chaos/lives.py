"""The lives of `serve`, and how each of them ends."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic

from tests.chaos.ledger import LookError, cannot_look, connected
from tests.chaos.office import LEASE, SETTLE, Office
from tests.chaos.processes import Running, signal_all
from tests.chaos.witness import Tail

PATIENCE = 120.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Either asks a process to end."""
_GLANCE = 0.003
_IDLE = 1.0
"""Seconds to wait for something to happen that would be a good moment to die."""


@dataclass(slots=True)
class Life:
    """One process of `serve` or `serve --only worker`, from its start to its end."""

    office: Office
    process: Running
    said: Path
    port: int
    is_api: bool
    tail: Tail
    rng: Random

    @classmethod
    async def begin(
        cls, office: Office, number: int, port: int, rng: Random, *, is_api: bool
    ) -> "Life":
        """Start `serve` on a port, or a worker whose receipts go to that port."""
        said = office.beside / f"serve-{number:04}.log"
        settings = {
            "PERMIT_REMINDERS_PORT": str(port if is_api else 0),
            "PERMIT_REMINDERS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        only = () if is_api else ("--only", "worker")
        process = await office.spawn("serve", *only, err=said, **settings)
        return cls(office, process, said, port, is_api, Tail(office.log), rng)

    async def listening(self) -> None:
        """Wait until it serves."""
        await self.until(self._says_where_it_listens, PATIENCE)

    def _says_where_it_listens(self) -> bool:
        return self.said.exists() and b"listening on" in self.said.read_bytes()

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait for something, or for its own death, or for so long."""
        given_up_at = monotonic() + seconds
        while monotonic() < given_up_at and self.process.returncode is None:
            if true():
                return True
            await asyncio.sleep(_GLANCE)
        return False

    async def more_taken(self, count: int) -> None:
        """Wait until the sandbox has taken so many more."""
        aim = self.tail.taken() + count
        await self.until(lambda: self.tail.taken() >= aim, _IDLE)

    async def claimed(self) -> None:
        """Wait until messages are claimed and not recorded."""
        wanted = "SELECT 1 FROM messages WHERE state = 'sending' LIMIT 1"
        with connected(self.office.url) as database:

            def is_claimed() -> bool:
                try:
                    return bool(database.execute(wanted))
                except LookError as error:
                    if not cannot_look(error):
                        raise
                    return False

            await self.until(is_claimed, _IDLE)

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait; the exit code. It must not have ended by itself."""
        code = self.process.returncode
        assert code is None, f"serve ended by itself with {code}: {self.said}"
        signal_all(self.process, number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for its end; the exit code. One that does not end says where it is."""
        try:
            return await asyncio.wait_for(self.process.wait(), PATIENCE)
        except TimeoutError:
            signal_all(self.process, signal.SIGABRT)
            await self.process.wait()
            raise AssertionError(f"serve does not end: {self.said}") from None

    async def kill(self) -> None:
        """Kill it."""
        await self.end(signal.SIGKILL)

    async def bury(self) -> None:
        """Kill it if it lives."""
        signal_all(self.process, signal.SIGKILL)
        await self.process.wait()


async def _early(life: Life) -> None:
    """While it starts, or a moment after."""
    await asyncio.sleep(life.rng.uniform(0.1, 1.5))
    await life.kill()


async def _claimed(life: Life) -> None:
    """Between claim and POST, or among the first POSTs."""
    await life.listening()
    await life.claimed()
    await asyncio.sleep(life.rng.choice((0, life.rng.uniform(0, 0.03))))
    await life.kill()


async def _posted(life: Life) -> None:
    """Between a POST and its record."""
    await life.listening()
    await life.more_taken(life.rng.randint(1, 5))
    await asyncio.sleep(life.rng.choice((0, 0, life.rng.uniform(0, 0.01))))
    await life.kill()


async def _later(life: Life) -> None:
    """At any time."""
    await life.listening()
    await asyncio.sleep(life.rng.uniform(0, 1.5))
    await life.kill()


async def _slept(life: Life) -> None:
    """Stopped past its lease and what is settled after it, woken, and killed later."""
    await life.listening()
    if life.rng.random() < 0.5:
        await life.claimed()
    else:
        await life.more_taken(1)
    signal_all(life.process, signal.SIGSTOP)
    await asyncio.sleep(life.rng.uniform(LEASE, LEASE + 2 * SETTLE))
    signal_all(life.process, signal.SIGCONT)
    await _later(life)


async def _told(life: Life) -> None:
    """Asked to end: it finishes what it does, and ends well."""
    await life.listening()
    await asyncio.sleep(life.rng.uniform(0, 0.5))
    code = await life.end(life.rng.choice(_SIGNALS))
    assert code == 0, f"serve ended with {code} when told to: {life.said}"


async def _told_twice(life: Life) -> None:
    """Asked to end, and asked again: it ends where it stands, or had ended well.

    By itself, or by the system where it had nearly ended: a shell says 143 to both.
    """
    await life.listening()
    await life.claimed()
    number = life.rng.choice(_SIGNALS)
    signal_all(life.process, number)
    await asyncio.sleep(life.rng.uniform(0, 0.2))
    signal_all(life.process, number)
    code = await life.ended()
    assert code in {0, 128 + number, -number}, f"serve ended with {code}: {life.said}"


SLEPT, TOLD_TWICE = "after a long sleep", "told twice"

_Ending = Callable[[Life], Awaitable[None]]
ENDINGS: Mapping[str, tuple[_Ending, int]] = {
    "while it started": (_early, 3),
    "with messages claimed": (_claimed, 8),
    "right after a POST": (_posted, 14),
    "at any time": (_later, 5),
    SLEPT: (_slept, 2),
    "told to stop": (_told, 2),
    TOLD_TWICE: (_told_twice, 2),
}
"""By what the summary calls them, each with how often it is chosen."""

MERCIFUL = ("told to stop", TOLD_TWICE)
"""Those that are no kill."""
