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
    play,
    posted,
    run,
    wait_until,
)

HEADER, *ROWS = (
    (shipped_folder("examples") / "permits.csv").read_text("utf-8").splitlines()
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
    done = run(command("demo", "--dir", str(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert "12类许可事项" in done.stdout
    assert totals(done.stdout)[:4] == ["861", "830", "797", "24"]
    assert "audit: the ledger adds up" in done.stdout
    texts = posted(tmp_path)
    assert (len(texts), texts.total()) == (830, 830)
    assert sandbox_of(tmp_path) is None


def write_register(path: Path, *rows: str) -> Path:
    """Write some rows of the shipped register."""
    path.write_text("\n".join([HEADER, *rows, ""]), "utf-8")
    return path


def test_without_one_reminded_permit_the_report_says_one_less(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reminded, *others = [row for row in ROWS if ",cn-foreign-rep" in row]
    whole = write_register(tmp_path / "whole.csv", reminded, *others)
    assert asyncio.run(run_demo(tmp_path / "demo", whole)) == 0
    assert totals(capsys.readouterr().out)[:2] == ["11", "11"]
    fewer = write_register(tmp_path / "fewer.csv", *others)
    assert asyncio.run(run_demo(tmp_path / "demo-of-fewer", fewer)) == 0
    assert totals(capsys.readouterr().out)[:2] == ["10", "10"]


def test_a_demo_killed_while_sending_ends_with_the_same_texts(tmp_path: Path) -> None:
    foods = [row for row in ROWS if ",cn-food-production" in row]
    register = write_register(tmp_path / "foods.csv", *foods)
    with subprocess.Popen(
        play(tmp_path, register),
        env=environment(PERMIT_REMINDERS_SETTLE="1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as killed:
        wait_until(lambda: len(events(tmp_path)) > 20)
        killed.send_signal(signal.SIGKILL)
    with sqlite3.connect(tmp_path / "permit-reminders.db") as ledger:
        open_ones = "SELECT count(*) FROM messages WHERE state = 'sending'"
        assert ledger.execute(open_ones).fetchone()[0] > 0

    done = run(play(tmp_path, register), PERMIT_REMINDERS_SETTLE="1")
    assert done.returncode == 0, done.stderr
    assert totals(done.stdout)[:4] == ["168", "168", "162", "5"]
    assert "audit: the ledger adds up" in done.stdout
    texts = posted(tmp_path)
    assert (len(texts), texts.total()) == (168, 168)
    wait_until(lambda: sandbox_of(tmp_path) is None)
