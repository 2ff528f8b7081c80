"""`python -m tests.chaos --kills N --seed S`: kill the service, then judge it.

Its processes are the real command against a real sandbox; the sandbox's own log is the
outside truth. Exits 1 where a promise was broken, keeps the folder and says which: the
same seed draws the same permits, faults and deaths, though never the same races.
"""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import chaos


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="permit-reminders-chaos-"))
    print(f"seed {asked.seed}, {asked.kills} kills, in {folder}", flush=True)
    told = asyncio.run(chaos(folder, asked.kills, asked.seed))
    print("\n".join([*told.summary, *told.wrong]))
    if told.wrong:
        print(f"{len(told.wrong)} wrong with seed {asked.seed}; see {folder}")
        return 1
    print("nobody texted twice, nobody forgotten, the ledger adds up")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
