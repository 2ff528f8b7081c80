"""Processes die while permits come and the provider fails, day after day."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from random import Random

import aiohttp

from service.sandbox.client import SandboxClient
from tests.chaos.lives import ENDINGS, MERCIFUL, Life
from tests.chaos.office import FIRST_DAY, Office, free_port
from tests.chaos.operator import Operator
from tests.chaos.register import RULE, Register
from tests.chaos.weather import blow

KILLS_A_DAY, _MOST_DAYS = 24, 25
"""Days fewer than those for which a provider is asked what became of a message: in
such weather hardly a process lives to do that."""

_WORKERS = (2, 1)
"""Workers on the first day, on the second, and so on in turns."""

_NEW, _CHANGED = 6, 2
"""Permits that come, and that change, in each life, at most."""


@dataclass(slots=True)
class Storm:
    """What goes on in an office, and what has happened so far."""

    office: Office
    key: str
    sandbox: SandboxClient
    session: aiohttp.ClientSession
    seed: int
    operator: Operator
    register: Register = field(default_factory=Register)
    ends: Counter[str] = field(default_factory=Counter)
    today: date = FIRST_DAY
    lives: int = 0

    async def rage(self, kills: int) -> None:
        """Kill so many processes, day after day."""
        a_day = max(KILLS_A_DAY, ceil(kills / _MOST_DAYS))
        while (left := kills - self.kills) > 0:
            await self._day(self.kills + min(left, a_day))
            await self._import()
            await self.operator.tend(most=None)
            self.today += timedelta(days=1)
            await self.office.move(self.today)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return self.ends.total() - sum(self.ends[one] for one in MERCIFUL)

    async def _day(self, kills: int) -> None:
        """Kill each worker and start it again, until there were so many kills.

        The first worker is a `serve`, a second one on the same database has no API.
        """
        rng = Random(f"{self.seed} {self.today}")
        port, day = free_port(), (self.today - FIRST_DAY).days
        async with (
            _beside(blow(self.sandbox, rng)),
            _beside(self.operator.watch(rng)),
            asyncio.TaskGroup() as workers,
        ):
            for at in range(_WORKERS[day % len(_WORKERS)]):
                workers.create_task(self._work(port, kills, is_api=at == 0))

    async def _import(self) -> None:
        """In the evening the register comes as a file: what a dead process missed."""
        file = self.office.folder / "register.csv"
        self.register.save(file)
        await self.office.must("import", str(file))

    async def begin(self, port: int | None = None, *, is_api: bool = True) -> Life:
        """Start one more process."""
        self.lives += 1
        rng, number = Random(f"{self.seed} {self.lives}"), self.lives
        return await Life.begin(
            self.office, number, port or free_port(), rng, is_api=is_api
        )

    async def _work(self, port: int, kills: int, *, is_api: bool) -> None:
        while self.kills < kills:
            life = await self.begin(port, is_api=is_api)
            weights = [weight for _, weight in ENDINGS.values()]
            [name] = life.rng.choices(list(ENDINGS), weights)
            try:
                async with _beside(self._write(life)):
                    await ENDINGS[name][0](life)
            finally:
                await life.kill()
            self.ends[name] += 1

    async def _write(self, life: Life) -> None:
        """Send permits to the API of a process that may die at any moment."""
        if not life.is_api:
            return
        await life.listening()
        today, rng = self.today, life.rng
        wanted = [self.register.new(today, rng) for _ in range(rng.randint(1, _NEW))]
        changed = [self.register.change(rng) for _ in range(rng.randint(0, _CHANGED))]
        for permit in [*wanted, *filter(None, changed)]:
            url = f"http://127.0.0.1:{life.port}/v1/permits/{RULE}/{permit.number}"
            try:
                async with self.session.put(
                    url,
                    json=permit.fields,
                    headers={"Authorization": f"Bearer {self.key}"},
                ) as answer:
                    assert answer.status < 500, await answer.text()
                    assert answer.ok, await answer.text()
            except aiohttp.ClientError:
                return


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do something else as long as this lasts; its failure is ours."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
