import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.weather.clock import JUMPS, MISSING, Clock

READ = """
import sqlite3, sys, time
database = sqlite3.connect(":memory:")
for _ in sys.stdin:
    [[by_sql]] = database.execute("SELECT unixepoch('now')").fetchall()
    print(int(time.time()), by_sql, int(time.monotonic()), flush=True)
"""


def test_a_jump_moves_the_time_of_day_of_running_processes_alone(
    tmp_path: Path,
) -> None:
    clock = Clock.make(tmp_path)
    if clock is None:
        pytest.skip(MISSING)
    with subprocess.Popen(
        [sys.executable, "-c", READ],
        env=clock.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        read = []
        for seconds in (0, *JUMPS, 0):
            clock.set(seconds)
            process.stdin.write("\n")
            process.stdin.flush()
            read.append([int(one) for one in process.stdout.readline().split()])
        process.stdin.close()
    days = [python - monotonic for python, _, monotonic in read]
    moved = [round((one - days[0]) / 60) * 60 for one in days]
    assert moved == [0, *JUMPS, 0]
    assert all(abs(python - sql) <= 1 for python, sql, _ in read)
