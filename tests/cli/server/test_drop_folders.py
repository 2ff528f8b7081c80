"""Workers that load what is dropped into the folders of registers."""

import os
import signal
from pathlib import Path

from tests.cli.commands import CMA, sql, write
from tests.cli.processes import Fork
from tests.cli.server.backstage import until

MAPPING = f"""
source = "city-register"
rule = "{CMA}"
columns = {{ number = "number", holder = "holder", expires_on = "expires_on" }}
"""


def test_two_workers_load_each_export_once(office: Path, fork: Fork) -> None:
    city = office / "registers" / "city"
    (city / "done").mkdir(parents=True)
    (office / "registers" / "city.toml").write_text(MAPPING, "utf-8")
    (city / "notes.pdf").touch()
    for name in ("a", "b"):
        row = f"2400{ord(name):08},临江检测,2024-06-28"
        write(city / f"{name}.csv", row, header="number,holder,expires_on")
    settings = {
        "PERMIT_REMINDERS_REGISTERS": "registers",
        "PERMIT_REMINDERS_AUTHORITY": "990000",
        "PERMIT_REMINDERS_TICK": "0.5",
        "PERMIT_REMINDERS_PORT": "0",
    }
    worker, said = ("serve", "--only", "worker"), ""
    with (
        fork(*worker, folder=office, **settings) as one,
        fork(*worker, folder=office, **settings) as other,
    ):
        until(lambda: len(list((city / "done").iterdir())) == 4)
        for process in (one, other):
            os.kill(process.pid, signal.SIGTERM)
            said += process.communicate(timeout=60)[1]
            assert process.returncode == 0
    found = sql(office, "SELECT file, state, committed FROM imports")
    assert sorted(found) == [("a.csv", "done", 1), ("b.csv", "done", 1)]
    assert said.count("notes.pdf is left alone: no export") == 2
    assert said.count(" is in done, with exit code 0") == 2
    assert "Traceback" not in said
