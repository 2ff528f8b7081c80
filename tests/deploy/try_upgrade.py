"""Let a worker of a former commit send while the tables are upgraded under it.

    .venv/bin/python -m tests.deploy.try_upgrade COMMIT

On a PostgreSQL server of the tests, with the sandbox, which answers slowly: the former
worker sends; this tree upgrades the tables, imports more, and a worker of this tree
joins. By the sandbox's log each phone has one text, and the audit finds nothing.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import orjson

from tests.chaos.office import OFFICE
from tests.chaos.register import RULE
from tests.deploy.live_office import NOW, texted, write_register
from tests.deploy.plain_processes import Stack, wait_until
from tests.docs.pages import ROOT
from tests.postgres import Server, run_server

PERMITS = 400
"""Half of them are imported by the former commit, half by this tree."""

SLOW = [{"fault": "latency", "seconds": 0.3}]


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A work tree of a commit."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "former"
        subprocess.run(
            ("git", "worktree", "add", "--quiet", "--detach", str(tree), commit),
            cwd=ROOT,
            check=True,
        )
        try:
            yield tree
        finally:
            subprocess.run(
                ("git", "worktree", "remove", "--force", str(tree)),
                cwd=ROOT,
                check=True,
            )


def set_clock(server: Server, days: int) -> None:
    """Let the clock of the database stand some days before `NOW`."""
    with server.connect("upgrade") as connection:
        connection.execute(
            "INSERT INTO facts (key, value) VALUES ('simulated now', %s)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [(NOW - timedelta(days=days)).isoformat()],
        )


def try_upgrade(server: Server, folder: Path, former: Path) -> None:
    """Do it; an `AssertionError` says what went wrong."""
    server.create_database("upgrade")
    url, ports = server.url("upgrade"), dict[str, int]()
    old = Stack(folder, url, ports, tree=former)
    new = Stack(folder, url, ports)
    print("former:", old.run("migrate").strip())
    set_clock(server, days=60)
    office = str(ROOT / "tests/chaos/office.toml")
    old.run("migrate", "authorities", "load", office)
    approval = ("--approved-by", "test")
    old.run("migrate", "authorities", "live", OFFICE, RULE, *approval)
    set_clock(server, days=0)
    (folder / "faults.json").write_bytes(orjson.dumps(SLOW))
    old.document["services"]["sandbox"]["command"][1:1] = ["--faults", "faults.json"]
    half = PERMITS // 2
    old.run("migrate", "import", write_register(folder, range(half)))
    with old.running("sandbox", "worker-1"):
        wait_until(lambda: len(texted(folder)) > 0)
        begun = len(texted(folder))
        print("this tree:", new.run("migrate").strip())
        print("sent before and while the tables changed:", begun, len(texted(folder)))
        new.run("migrate", "import", write_register(folder, range(half, PERMITS)))
        with new.running("worker-2"):
            wait_until(lambda: len(texted(folder)) >= PERMITS)
    print(new.run("migrate", "audit").strip())
    phones = texted(folder)
    assert len(phones) == len(set(phones)) == PERMITS, (len(phones), len(set(phones)))
    print(f"{PERMITS} permits, {len(phones)} texts, nobody twice")
    for name in ("worker-1", "worker-2"):
        log = new.log(name)
        posted = sum(map(int, re.findall(r"posted=(\d+)", log)))
        failed = [line for line in log.splitlines() if "failed" in line]
        print(f"{name} sent {posted};", *failed[:5] or ["no pass failed"])


if __name__ == "__main__":
    with (
        run_server() as running_server,
        tempfile.TemporaryDirectory() as working_folder,
        checked_out(sys.argv[1]) as former_tree,
    ):
        try_upgrade(running_server, Path(working_folder), former_tree)
