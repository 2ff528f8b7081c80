"""`python -m tests.chaos --kills N --seed S`: kill the service, then judge it."""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from time import monotonic

import aiohttp

from service.sandbox.client import SandboxClient
from tests.chaos import calm
from tests.chaos.ledger import read
from tests.chaos.office import carrier, prepare
from tests.chaos.storm import Storm
from tests.chaos.verdict import ends, judge, left_open
from tests.chaos.witness import Witness, events


async def chaos(folder: Path, kills: int, seed: int) -> list[str]:
    """Run a storm in an empty folder; what was wrong at its end."""
    began = monotonic()
    office, key = await prepare(folder)
    async with carrier(office) as url, aiohttp.ClientSession() as session:
        storm = Storm(office, key, SandboxClient(session, url), session, seed)
        await storm.rage(kills)
        raged = monotonic()
        await calm.settle(storm)
    witness, ledger = Witness.of(events(office.log)), read(folder)
    wrong = list(judge(witness, ledger, storm.register.permits, date(2026, 1, 1)))
    audited = await office.run("audit")
    if audited.code:
        wrong += audited.out.splitlines()
    counted = await calm.figures(office, storm.today)
    seen = ends(witness)
    outside = {
        "messages": seen.total(),
        "delivered": seen["delivered"] + seen["read"],
        "failed": seen["undelivered"] + seen["failed"],
    }
    if counted != outside:
        wrong.append(f"counts says {counted}, the provider says {outside}")
    print(f"seed {seed}: {storm.kills} kills in {raged - began:.0f} s")
    print(f"  processes ended {dict(storm.ends)}")
    print(f"  {len(storm.register.permits)} permits, {seen.total()} SMS: {dict(seen)}")
    states = Counter(one.state for one in ledger.reminders.values())
    print(f"  {states.total()} reminders: {dict(states)}")
    print(f"  {len(left_open(ledger))} messages left to an operator")
    print(f"  quiet after {monotonic() - raged:.0f} s more")
    return wrong


def main() -> int:
    """Run what the command line says; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    wrong = [f"the run itself failed: {folder}"]
    print(f"seed {asked.seed}, in {folder}", flush=True)
    try:
        wrong = asyncio.run(chaos(folder, asked.kills, asked.seed))
    finally:
        if not wrong:
            shutil.rmtree(folder)
    for line in wrong:
        print(line)
    print(
        f"{len(wrong)} wrong; kept in {folder}" if wrong else "every promise was kept"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
