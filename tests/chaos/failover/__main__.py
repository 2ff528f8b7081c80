"""`python -m tests.chaos.failover --promotions N --seed S`: let primaries die.

Two real PostgreSQL servers, real workers, a real sandbox, whose own log is the outside
truth. Exits 1 where a promise was broken, keeps the folder and says which.
"""

import argparse
import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.failover.run import chaos_failover
from tests.postgres import REQUIRED, NoServerError


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="tests.chaos.failover", description=__doc__)
    parser.add_argument("--promotions", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="permit-reminders-failover-"))
    print(f"seed {asked.seed}, {asked.promotions} promotions, in {folder}", flush=True)
    try:
        done = asyncio.run(chaos_failover(folder, asked.promotions, asked.seed))
    except NoServerError as error:
        print(f"no PostgreSQL here, no failover was tried: {error}")
        return int(os.environ.get(REQUIRED) == "required")
    print("\n".join([*done.summary, *done.wrong]))
    if done.wrong:
        print(f"{len(done.wrong)} wrong with seed {asked.seed}; see {folder}")
        return 1
    print("nobody texted twice, nobody forgotten, the ledger adds up")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
