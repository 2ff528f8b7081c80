"""The demo as a stranger runs it: real processes, the sandbox's log as the truth."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from service.demo import run_demo
from service.settings import shipped_folder
from tests.demo.demo_process import (
    command,
    environment,
    events,
    posted,
    run,
    wait_until,
)


def totals(report: str) -> list[str]:
    """The figures under the Chinese table: reminded, messages, delivered, failed …"""
    lines = report.splitlines()
    return next(line.split()[1:] for line in lines if line.startswith("合计"))


def sandbox_of(folder: Path) -> int | None:
    """The process id of the folder's sandbox, if it is running."""
    told = json.loads((folder / "sandbox" / "sandbox.json").read_text("utf-8"))
    try:
        os.kill(told["pid"], 0)
    except ProcessLookupError:
        return None
    return int(told["pid"])


def test_the_first_week_is_830_messages_of_12_types(tmp_path: Path) -> None:
    done = run("demo", "--dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "12类许可事项" in done.stdout
    assert totals(done.stdout)[:4] == ["861", "830", "797", "24"]
    assert "audit: the ledger adds up" in done.stdout
    texts = posted(tmp_path)
    assert (len(texts), texts.total()) == (830, 830)
    assert sandbox_of(tmp_path) is None


def test_without_one_reminded_permit_the_report_says_829(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register = (
        (shipped_folder("examples") / "permits.csv").read_text("utf-8").splitlines()
    )
    reminded = next(row for row in register if ",cn-foreign-rep" in row)
    fewer = tmp_path / "permits.csv"
    fewer.write_text("\n".join(row for row in register if row != reminded) + "\n")
    assert asyncio.run(run_demo(tmp_path / "demo", fewer)) == 0
    assert totals(capsys.readouterr().out)[:2] == ["860", "829"]


def test_a_demo_killed_while_sending_ends_with_the_same_830(tmp_path: Path) -> None:
    killed = subprocess.Popen(
        command("demo", "--dir", str(tmp_path)),
        env=environment(PERMIT_REMINDERS_SETTLE="1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: len(events(tmp_path)) > 100)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    with sqlite3.connect(tmp_path / "permit-reminders.db") as ledger:
        open_ones = "SELECT count(*) FROM messages WHERE state = 'sending'"
        assert ledger.execute(open_ones).fetchone()[0] > 0

    done = run("demo", "--dir", str(tmp_path), PERMIT_REMINDERS_SETTLE="1")
    assert done.returncode == 0, done.stderr
    assert totals(done.stdout)[:4] == ["861", "830", "797", "24"]
    assert "audit: the ledger adds up" in done.stdout
    texts = posted(tmp_path)
    assert (len(texts), texts.total()) == (830, 830)
    wait_until(lambda: sandbox_of(tmp_path) is None)
