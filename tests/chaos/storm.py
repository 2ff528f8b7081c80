"""Processes die while permits come and the provider fails, day after day."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import ceil
from random import Random
from signal import SIGTERM
from time import monotonic

import aiohttp

from tests.chaos.bounds import Costs
from tests.chaos.ledger import (
    LookError,
    cannot_look,
    most_under_way,
    unsent,
    unsettled,
)
from tests.chaos.lives import ENDINGS, MERCIFUL, Life
from tests.chaos.office import FIRST_DAY, Office, free_port, ten_on
from tests.chaos.operator import Operator
from tests.chaos.register import RULE, Register
from tests.chaos.weather.blow import Weather

KILLS_A_DAY, _MOST_DAYS = 24, 25
"""Days fewer than those for which a provider is asked what became of a message: in
such weather hardly a process lives to do that."""

_LONG_AMONG = 4
"""Of so many days, one begins with an outage of minutes: the second."""

_NEW, _CHANGED = 6, 2
"""Permits that come, and that change, in each life, at most."""

_NIGHT = 90.0
"""Seconds in which a night settles what is unknown, at most: after a clock jump, leases
last a minute from then on."""

_LATE = 20.0
"""Seconds in which it then sends what closes tonight, at most."""

_GLANCE = 0.1
"""Seconds between two looks into a full volume."""

_MANY, _MANY_AMONG = 30, 16
"""In one of so many lives, so many permits come: more than are sent at once."""


@dataclass(slots=True)
class Storm:
    """What goes on in an office, and what has happened so far."""

    office: Office
    key: str
    weather: Weather
    session: aiohttp.ClientSession
    seed: int
    operator: Operator
    workers: int
    register: Register = field(default_factory=Register)
    ends: Counter[str] = field(default_factory=Counter)
    killed: list[tuple[datetime, int]] = field(default_factory=list)
    today: date = FIRST_DAY
    lives: int = 0

    async def rage(self, kills: int) -> None:
        """Kill so many processes, day after day."""
        a_day = max(KILLS_A_DAY, ceil(kills / _MOST_DAYS))
        while (left := kills - self.kills) > 0:
            await self._day(self.kills + min(left, a_day))
            await self._import()
            await self._night()
            self.today += timedelta(days=1)
            await self.office.move(self.today)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return self.ends.total() - sum(self.ends[one] for one in MERCIFUL)

    @property
    def costs(self) -> Costs:
        """What it cost people, and the provider."""
        return Costs(self.workers, self.operator.left, self.killed)

    async def _day(self, kills: int) -> None:
        """Kill each worker and start it again, until there were so many kills.

        The first worker is a `serve`, others on the same database have no API; every
        other day there are half as many.
        """
        rng = Random(f"{self.seed} {self.today}")
        port, day = free_port(), (self.today - FIRST_DAY).days
        async with (
            _beside(self.weather.blow(rng, long=day % _LONG_AMONG == 1)),
            _beside(self.operator.watch(rng)),
            asyncio.TaskGroup() as workers,
        ):
            for at in range(max(1, self.workers >> (day % 2))):
                workers.create_task(self._work(port, kills, is_api=at == 0))

    async def _import(self) -> None:
        """In the evening the register comes as a file: what a dead process missed."""
        file = self.office.beside / "register.csv"
        self.register.save(file)
        await self.office.must("import", str(file))

    async def _night(self) -> None:
        """Nobody kills and nothing fails until what is unknown is settled.

        Then a person decides what is left, and what closes tonight is sent. A day of a
        storm lasts minutes. In a real one too a process may die every few seconds, and
        a clock jump, but not until a step ends.
        """
        url, now = self.office.url, ten_on(self.today)
        tomorrow = now + timedelta(days=1)
        await self.weather.sandbox.clear()
        life = await self.begin()
        try:
            await life.until(lambda: not unsettled(url, tomorrow), _NIGHT)
            await self.operator.tend(most=None)
            await life.until(lambda: not unsent(url, now, tomorrow), _LATE)
        finally:
            await life.end(SIGTERM)

    async def begin(self, port: int | None = None, *, is_api: bool = True) -> Life:
        """Start one more process."""
        self.lives += 1
        rng, number = Random(f"{self.seed} {self.lives}"), self.lives
        return await Life.begin(
            self.office, number, port or free_port(), rng, is_api=is_api
        )

    async def _work(self, port: int, kills: int, *, is_api: bool) -> None:
        while self.kills < kills:
            await self.weather.door.enter()
            life = await self.begin(port, is_api=is_api)
            weights = [weight for _, weight in ENDINGS.values()]
            [name] = life.rng.choices(list(ENDINGS), weights)
            try:
                async with _beside(self._enter(life)), _beside(self._write(life)):
                    await ENDINGS[name][0](life)
            finally:
                await life.bury()
            self.ends[name] += 1
            if name not in MERCIFUL:
                at = datetime.now(UTC)  # noqa: TID251 - as the provider's log
                self.killed.append((at, await self._most_under_way()))

    async def _most_under_way(self) -> int:
        """What the kill can leave unknown; a full volume is waited for."""
        while True:
            try:
                return most_under_way(self.office.url)
            except LookError as error:
                if not cannot_look(error):
                    raise
            await asyncio.sleep(_GLANCE)

    async def _enter(self, life: Life) -> None:
        try:
            await life.listening()
        finally:
            self.weather.door.entered()

    async def _write(self, life: Life) -> None:
        """Send permits to the API of a process that may die at any moment."""
        if not life.is_api:
            return
        await life.listening()
        today, rng = self.today, life.rng
        count = rng.randint(1, _NEW) if rng.randrange(_MANY_AMONG) else _MANY
        wanted = [self.register.new(today, rng) for _ in range(count)]
        changed = [self.register.change(rng) for _ in range(rng.randint(0, _CHANGED))]
        for permit in [*wanted, *filter(None, changed)]:
            url = f"http://127.0.0.1:{life.port}/v1/permits/{RULE}/{permit.number}"
            began = monotonic()
            try:
                async with self.session.put(
                    url,
                    json=permit.fields,
                    headers={"Authorization": f"Bearer {self.key}"},
                ) as answer:
                    if answer.status >= 500 and self.weather.was_out(began):
                        return
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
