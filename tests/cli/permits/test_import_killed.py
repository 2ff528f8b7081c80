import subprocess
import sys
import time
from pathlib import Path

from tests.cli.commands import CMA, Run, environment, sql, write

ROWS = 6_000


def stored(folder: Path) -> int:
    return int(sql(folder, "SELECT count(*) FROM permits")[0][0])


def test_an_import_that_was_killed_goes_in_whole_the_next_time(
    run: Run, office: Path
) -> None:
    rows = [
        f"{CMA},{number:012},某检测有限公司,2024-06-{number % 28 + 1:02},"
        f"+1212555{100 + number % 90:04}"
        for number in range(ROWS)
    ]
    register = write(office / "permits.csv", *rows)
    importing = subprocess.Popen(
        [sys.executable, "-m", "service", "import", register],
        cwd=office,
        env=environment() | {"PERMIT_REMINDERS_AUTHORITY": "990000"},
    )
    while importing.poll() is None and not stored(office):
        time.sleep(0.01)
    importing.kill()
    importing.wait()
    half = stored(office)
    assert 0 < half < ROWS
    told = run("import", register).imported
    assert told == f"{ROWS - half} registered, {half} unchanged\n"
    assert stored(office) == ROWS
    assert sql(office, "SELECT count(*) FROM permit_recipients") == [(ROWS,)]
    assert sql(office, "SELECT count(*) FROM recipients") == [(90,)]
    assert run("audit").answer == "the ledger adds up\n"
