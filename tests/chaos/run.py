"""One run: prepare, rage, settle, judge."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Final

import aiohttp

from service.sandbox.client import SandboxClient
from tests.chaos import calm
from tests.chaos.bounds import judge_costs, outages, posts_into
from tests.chaos.ledger import Ledger, read
from tests.chaos.lives import SLEPT, TOLD_TWICE
from tests.chaos.office import Carrier, Office
from tests.chaos.operator import Operator
from tests.chaos.processes import Processes
from tests.chaos.storm import Storm
from tests.chaos.verdict import Verdict, ends, judge
from tests.chaos.weather import clock, volume
from tests.chaos.weather.blow import Weather
from tests.chaos.weather.server import DatabaseServer
from tests.chaos.witness import FAILED, Witness, events

_RENEWED: Final = date(2026, 1, 1)
"""Permits that expire before were registered in the middle of a step."""


@dataclass(frozen=True, slots=True)
class Told:
    """What happened, and what was wrong, one line each."""

    summary: list[str]
    wrong: list[str]


async def chaos(
    folder: Path,
    kills: int,
    seed: int,
    processes: Processes | None = None,
    *,
    workers: int = 2,
    server: DatabaseServer | None = None,
) -> Told:
    """Run a storm in an empty folder, and judge what it left.

    With `processes` of its own it has no clock that jumps and no volume that is full;
    on a `server` it has no volume either.
    """
    began = monotonic()
    office = Office.in_(folder, processes, server.url if server else None)
    is_small = processes is not None
    async with _storm(office, seed, workers, server, is_small=is_small) as storm:
        await storm.rage(kills)
        raged = monotonic()
        await calm.settle(storm)
        witness, ledger = Witness.of(events(office.log)), read(office.url)
        audited, miscounted = await asyncio.gather(
            _audited(storm), _miscounted(storm, witness)
        )
    verdict = judge(witness, ledger, storm.register.permits, _RENEWED)
    costs = storm.costs
    spent = (
        f"{raged - began:.0f} s, and {monotonic() - raged:.0f} s until all was quiet"
    )
    return Told(
        summary=[
            f"{storm.kills} kills in {spent}",
            *_told(storm, witness, ledger),
            *_figures(storm, witness, verdict),
        ],
        wrong=[
            *verdict.lines,
            *judge_costs(witness, ledger, costs),
            *audited,
            *miscounted,
        ],
    )


@asynccontextmanager
async def _storm(
    office: Office,
    seed: int,
    workers: int,
    server: DatabaseServer | None,
    *,
    is_small: bool,
) -> AsyncIterator[Storm]:
    """An office at work, and all around it."""
    carrier, operator = Carrier(office.beside), Operator(office)
    has_volume = server is None and not is_small
    with volume.mounted(office.folder, wanted=has_volume) as room:
        key = await office.prepare()
        try:
            url = await carrier.start()
            async with aiohttp.ClientSession() as session:
                weather = Weather(
                    SandboxClient(session, url), carrier, office.clock, room, server
                )
                yield Storm(office, key, weather, session, seed, operator, workers)
        finally:
            await carrier.stop()
            if room:
                shutil.copytree(office.folder, office.beside / "left", symlinks=True)


async def _audited(storm: Storm) -> list[str]:
    """What the service itself finds wrong."""
    audited = await storm.office.run("audit")
    return [f"audit: {line}" for line in audited.out.splitlines()] * audited.code


async def _miscounted(storm: Storm, witness: Witness) -> list[str]:
    """Whether its counts are not those of the provider."""
    counted, seen = await calm.figures(storm.office, storm.today), ends(witness)
    outside = {
        "messages": seen.total(),
        "delivered": seen["delivered"] + seen["read"],
        "failed": sum(seen[one] for one in FAILED),
    }
    wrong = f"counts: says {counted}, the provider says {outside}"
    return [wrong] if counted != outside else []


def _told(storm: Storm, witness: Witness, ledger: Ledger) -> list[str]:
    states = Counter(one.state for one in ledger.reminders.values())
    return [
        f"  deaths: {_listed(storm.ends)}",
        f"  {len(storm.register.permits)} permits",
        f"  {states.total()} reminders: {_listed(states)}",
        f"  {len(witness.sms)} SMS: {_listed(ends(witness))}",
        f"  weather: {_listed(storm.weather.seen)}",
        *([] if storm.weather.clock else [f"  {clock.MISSING}"]),
        *([] if storm.weather.volume else [f"  {volume.MISSING}"]),
    ]


def _figures(storm: Storm, witness: Witness, verdict: Verdict) -> list[str]:
    """What an issue asks for."""
    causes = Counter(one.cause for one in storm.operator.left.values())
    into = sum(posts_into(one, witness) for one in outages(witness))
    return [
        f"  doubled {len(verdict.doubled)}, forgotten {len(verdict.forgotten)}",
        f"  left to people {causes.total()}: {_listed(causes) or 'nothing'}",
        f"  outages {storm.weather.outages}, POSTs into outages {into}",
        f"  kills {storm.kills}",
        f"  SIGSTOPs {storm.ends[SLEPT]}, second signals {storm.ends[TOLD_TWICE]}",
    ]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())
