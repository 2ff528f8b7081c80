"""The weather of a day: gusts of faults, outages, clocks that jump, a full volume."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from service.sandbox.client import SandboxClient
from tests.chaos.office import LEASE, POST, SETTLE, Carrier
from tests.chaos.weather.clock import JUMPS, Clock
from tests.chaos.weather.faults import LATENCY, UNLISTED, drawn
from tests.chaos.weather.outages import LIES, OUTAGES, REFUSED
from tests.chaos.weather.server import DatabaseServer
from tests.chaos.weather.volume import Volume

SHORT: Final = (2.0, 6.0)
LONG: Final = (60.0, 90.0)
"""Seconds of an outage; a long one sees probes at the longest interval."""

_STARTERS: Final = 2
"""Workers that may be starting at once."""

_AMONG: Final = 8
"""Of so many changes of the weather, one is an outage, a lie, and so on."""


class Door:
    """Processes start while it is open; who shuts it waits for those that start."""

    def __init__(self) -> None:
        self._permits = asyncio.Semaphore(_STARTERS)

    async def enter(self) -> None:
        """Wait until a process may start; call `entered` once it has."""
        await self._permits.acquire()

    def entered(self) -> None:
        """Let the door be shut again."""
        self._permits.release()

    @asynccontextmanager
    async def shut(self) -> AsyncIterator[None]:
        """Nobody starts as long as this lasts."""
        held = 0
        try:
            while held < _STARTERS:
                await self._permits.acquire()
                held += 1
            yield
        finally:
            for _ in range(held):
                self._permits.release()


@dataclass(slots=True)
class Weather:
    """What can go wrong around the processes, and how often it did."""

    sandbox: SandboxClient
    carrier: Carrier
    clock: Clock | None = None
    volume: Volume | None = None
    server: DatabaseServer | None = None
    door: Door = field(default_factory=Door)
    seen: Counter[str] = field(default_factory=Counter)
    outages: int = 0

    async def blow(self, rng: Random, *, long: bool) -> None:
        """Begin with an outage, then change again and again, until cancelled."""
        await self._outage(rng, [*OUTAGES], LONG if long else SHORT)
        while True:
            match rng.randrange(_AMONG):
                case 0:
                    await self._outage(rng, [*OUTAGES, REFUSED], SHORT)
                case 1:
                    await self._lie(rng)
                case 2 if self.clock:
                    await self._jump(self.clock, rng)
                case 3 if self.volume:
                    await self._fill(self.volume, rng)
                case 3 | 4 if self.server:
                    await self._restart(self.server, rng)
                case 5 if self.server:
                    await self._end_sessions(self.server, rng)
                case _:
                    await self._gust(rng)

    def was_out(self, since: float) -> bool:
        """Whether the database could not be used at some time after this instant."""
        if self.server is not None and self.server.out_at >= since:
            return True
        return self.volume is not None and self.volume.was_full(since)

    async def _restart(self, server: DatabaseServer, rng: Random) -> None:
        async with self.door.shut():
            self.seen["server restarts"] += 1
            await server.restart(rng)
        await asyncio.sleep(rng.uniform(0.7, 2.5))

    async def _end_sessions(self, server: DatabaseServer, rng: Random) -> None:
        async with self.door.shut():
            self.seen["gusts of ended sessions"] += 1
            for _ in range(rng.randint(1, 6)):
                server.end_sessions(rng)
                await asyncio.sleep(rng.uniform(0.05, 0.4))

    async def _gust(self, rng: Random) -> None:
        await self.sandbox.put(*drawn(rng))
        await asyncio.sleep(rng.uniform(0.7, 2.5))

    async def _outage(
        self, rng: Random, names: Sequence[str], span: tuple[float, float]
    ) -> None:
        name, seconds, is_long = rng.choice(names), rng.uniform(*span), span == LONG
        self.seen[f"{name}{' for a minute' if is_long else ''}"] += 1
        self.outages += 1
        if name == REFUSED:
            await self._refuse(seconds)
            return
        await self.sandbox.put(*OUTAGES[name])
        await asyncio.sleep(seconds)
        await self.sandbox.clear()

    async def _refuse(self, seconds: float) -> None:
        """Nobody starts meanwhile: a process that finds no sandbox starts its own."""
        async with self.door.shut(), self.carrier.stopped():
            await asyncio.sleep(seconds)

    async def _lie(self, rng: Random) -> None:
        name = rng.choice([*LIES])
        self.seen[name] += 1
        await self.sandbox.put(*LIES[name])
        await asyncio.sleep(rng.uniform(SETTLE, LEASE + SETTLE))

    async def _jump(self, clock: Clock, rng: Random) -> None:
        """Ahead or behind, and back.

        What was POSTed before is taken and listed by then, since a jump shortens the
        time in which the service waits for that.
        """
        await self.sandbox.put(*drawn(rng, prompt=True))
        await asyncio.sleep(LATENCY + UNLISTED + POST)
        self.seen["clock jumps"] += 1
        try:
            clock.set(rng.choice(JUMPS))
            await asyncio.sleep(rng.uniform(1, LEASE))
        finally:
            clock.set(0)
        await asyncio.sleep(POST + SETTLE)

    async def _fill(self, volume: Volume, rng: Random) -> None:
        async with self.door.shut():
            self.seen["full volumes"] += 1
            try:
                volume.fill()
                await asyncio.sleep(rng.uniform(*SHORT))
            finally:
                volume.free()
