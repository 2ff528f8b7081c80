"""Told to stop in the middle of POSTs, by the outside truth of the sandbox's log."""

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.commands import CMA, NOON, Run, posted, sql, write
from tests.cli.server.backstage import Backstage, until
from tests.cli.test_process import started

MANY = 60
SLOW = {"fault": "latency", "seconds": 1.0}
STUCK = {"fault": "latency", "seconds": 600.0}

FREE = """UPDATE messages SET lease_until = strftime('%Y-%m-%d %H:%M:%f000', 'now')
    WHERE state = 'sending'"""
"""As if the leases of a dead process had ended."""

PATIENT = """UPDATE messages SET absent_at = '2020-01-01 00:00:00.000000',
    lease_until = '2020-01-01 00:00:00.000000' WHERE absent_at IS NOT NULL"""
"""As if it had been long since the provider listed nothing."""


@pytest.fixture
def due(run: Run, live: Path) -> Path:
    """A folder with so many reminders due, each to a phone of its own."""
    rows = [
        f"{CMA},2400000{at:05},第{at}检测,2024-06-28,+121255501{at:02}"
        for at in range(MANY)
    ]
    assert run("import", write(live / "permits.csv", *rows)).code == 0
    assert run("pause", "--reason", "not yet").code == 0
    assert run("tick", "--now", NOON).answer.startswith(f"{MANY} reminders created, 0 ")
    assert run("resume").code == 0
    return live


def heard(process: subprocess.Popen[str]) -> None:
    """Wait until a process says that it was told to stop."""
    assert process.stderr is not None
    line = process.stderr.readline()
    while not line.startswith("stopping: "):
        assert line, "it ended without a word"
        line = process.stderr.readline()


def texts(folder: Path) -> Counter[tuple[str, str]]:
    """How often each phone got each text."""
    return Counter(posted(folder))


def states(folder: Path, table: str) -> Counter[str]:
    return Counter(state for (state,) in sql(folder, f"SELECT state FROM {table}"))  # noqa: S608 - a name of ours


COMMANDS = ["serve", "tick"]
SETTINGS = {"PERMIT_REMINDERS_PORT": "0", "PERMIT_REMINDERS_AUTHORITY": "990000"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal_ends_the_posts_under_way_and_begins_no_more(
    command: str, run: Run, due: Path, backstage: Backstage
) -> None:
    backstage.put(SLOW)
    with started(command, folder=due, **SETTINGS) as process:
        until(lambda: backstage.struck() > 0)
        os.kill(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said
    taken = len(posted(due))
    assert 0 < taken < MANY
    assert states(due, "messages") == {"accepted": taken, "not-accepted": MANY - taken}
    assert states(due, "reminders") == {"sent": taken, "due": MANY - taken}
    assert run("audit").code == 0
    backstage.put()
    sql(due, "UPDATE reminders SET retry_at = NULL")
    assert run("tick").code == 0
    assert set(texts(due).values()) == {1}
    assert len(texts(due)) == MANY
    assert run("audit").code == 0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_second_signal_ends_it_at_once_and_the_next_pass_settles_it(
    command: str,
    second: signal.Signals,
    code: int,
    *,
    run: Run,
    due: Path,
    backstage: Backstage,
) -> None:
    backstage.put(STUCK)
    with started(command, folder=due, **SETTINGS) as process:
        until(lambda: backstage.struck() > 0)
        os.kill(process.pid, signal.SIGTERM)
        heard(process)
        os.kill(process.pid, second)
        assert process.wait(timeout=60) == code
    assert states(due, "messages") == {"sending": MANY}
    on_the_way = backstage.struck()
    backstage.put()
    until(lambda: len(posted(due)) == on_the_way)
    sql(due, FREE)
    until(lambda: ended(run, due))
    assert set(texts(due).values()) == {1}
    assert len(texts(due)) == MANY
    assert run("audit").code == 0


def ended(run: Run, due: Path) -> bool:
    """Tick once more, some time later; whether every reminder has been taken."""
    sql(due, PATIENT)
    sql(due, "UPDATE reminders SET retry_at = NULL")
    assert run("tick").code == 0
    return states(due, "reminders").keys() <= {"sent", "delivered", "failed"}
