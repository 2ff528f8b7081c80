"""One run: prepare, rage, settle, judge."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Final

import aiohttp

from service.sandbox.client import SandboxClient
from tests.chaos import calm
from tests.chaos.ledger import Ledger, read
from tests.chaos.office import Office, carrier
from tests.chaos.operator import Operator
from tests.chaos.storm import Storm
from tests.chaos.verdict import ends, judge
from tests.chaos.witness import FAILED, Witness, events

_RENEWED: Final = date(2026, 1, 1)
"""Permits that expire before were registered in the middle of a step."""


@dataclass(frozen=True, slots=True)
class Told:
    """What happened, and what was wrong, one line each."""

    summary: list[str]
    wrong: list[str]


async def chaos(folder: Path, kills: int, seed: int) -> Told:
    """Run a storm in an empty folder, and judge what it left."""
    began = monotonic()
    office = Office(folder)
    key = await office.prepare()
    async with carrier(office) as url, aiohttp.ClientSession() as session:
        sandbox, operator = SandboxClient(session, url), Operator(office)
        storm = Storm(office, key, sandbox, session, seed, operator)
        await storm.rage(kills)
        raged = monotonic()
        await calm.settle(storm)
    witness, ledger = Witness.of(events(office.log)), read(folder)
    audited, miscounted = await asyncio.gather(
        _audited(storm), _miscounted(storm, witness)
    )
    spent = (
        f"{raged - began:.0f} s, and {monotonic() - raged:.0f} s until all was quiet"
    )
    return Told(
        summary=[f"{storm.kills} kills in {spent}", *_told(storm, witness, ledger)],
        wrong=[
            *judge(witness, ledger, storm.register.permits, _RENEWED),
            *audited,
            *miscounted,
        ],
    )


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
        f"  {storm.operator.decided} outcomes decided by the operator",
    ]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())
