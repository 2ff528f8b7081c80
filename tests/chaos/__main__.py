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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.run import chaos
from tests.chaos.weather.server import DatabaseServer
from tests.postgres import run_server


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="permit-reminders-chaos-"))
    print(
        f"seed {asked.seed}, {asked.kills} kills, {asked.workers} workers on "
        f"{asked.database}, in {folder}",
        flush=True,
    )
    with _server(asked.database) as server:
        storm = chaos(
            *(folder, asked.kills, asked.seed), workers=asked.workers, server=server
        )
        told = asyncio.run(storm)
    print("\n".join([*told.summary, *told.wrong]))
    if told.wrong:
        print(f"{len(told.wrong)} wrong with seed {asked.seed}; see {folder}")
        return 1
    print("nobody texted twice, nobody forgotten, the ledger adds up")
    shutil.rmtree(folder)
    return 0


@contextmanager
def _server(database: str) -> Iterator[DatabaseServer | None]:
    """The server that the office is on, if any."""
    if database == "sqlite":
        yield None
        return
    with run_server() as server:
        server.create_database("office")
        yield DatabaseServer(server, "office")


if __name__ == "__main__":
    sys.exit(main())
