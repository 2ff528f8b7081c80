"""What `tick` says that it could not do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from service.adapters.store.db import engine
from tests.cli.commands import CMA, NOON, Run, sql, write


@pytest.fixture
def due(run: Run, live: Path) -> Path:
    """A folder with three permits whose reminders fall due at noon."""
    rows = [f"{CMA},2400{at:08},检测,2024-06-28,+1212555010{at}" for at in range(3)]
    assert run("import", write(live / "permits.csv", *rows)).code == 0
    return live


@pytest.mark.usefixtures("due")
def test_a_tick_says_what_is_due_next(run: Run) -> None:
    assert run("tick").answer.splitlines() == [
        "0 reminders created, 0 messages posted, 0 receipts, 0 outcomes unknown",
        "nothing until 2024-01-29 09:30 Asia/Shanghai; 3 due then",
    ]
    assert run("tick", "--now", NOON).answer.splitlines()[1:] == [
        "nothing until 2024-03-21 09:30 Asia/Shanghai; 3 due then"
    ]


def test_a_machine_that_is_too_slow_is_said_in_one_line(
    run: Run, due: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A claim of three milliseconds: it is over before anything can be posted.
    monkeypatch.setenv("PERMIT_REMINDERS_SETTLE", "0.001")
    ran = run("tick", "--now", NOON)
    assert ran.code == 0
    assert ran.out.startswith("3 reminders created, 0 messages posted")
    assert ran.err == "0 of 3 posted in time: the machine is too slow\n"
    assert sql(due, "SELECT DISTINCT state FROM reminders") == [("due",)]


def test_another_process_that_holds_the_database_is_said_in_one_line(
    run: Run, due: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    path = due / "permit-reminders.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert run("tick").refusal == (
            "permit-reminders: permit-reminders.db: another process holds the "
            "database, for longer than a transaction waits; find the program that "
            "writes to it: sending goes on by itself"
        )
    assert run("tick").code == 0
