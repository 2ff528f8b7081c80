"""The demo as a stranger runs it: real processes, the sandbox's log as the truth."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from service.adapters.store.db.database import Database
from service.demo import run_demo
from service.settings import Settings, shipped_folder
from service.upgrade import prepare
from tests.cli.sandbox_thread import sandbox_beside
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


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a database with the shipped law, as each demo makes one."""
    folder = tmp_path_factory.mktemp("prepared")
    settings = Settings(database_url=f"sqlite:///{folder / 'permit-reminders.db'}")

    async def make() -> None:
        database = Database(settings.database_url)
        await prepare(settings, database)
        await database.dispose()

    asyncio.run(make())
    return folder


def write_register(path: Path, *rows: str) -> Path:
    """Write some rows of the shipped register."""
    path.write_text("\n".join([HEADER, *rows, ""]), "utf-8")
    return path


def test_without_one_reminded_permit_the_report_says_one_less(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reminded, *others = [row for row in ROWS if ",cn-foreign-rep" in row]
    for rows, told in ((reminded, *others), "11"), (others, "10"):
        place = tmp_path / told
        shutil.copytree(prepared, place)
        register = write_register(place / "permits.csv", *rows)
        with sandbox_beside(place):
            assert asyncio.run(run_demo(place, register)) == 0
        assert totals(capsys.readouterr().out)[:2] == [told, told]


def test_a_demo_killed_while_sending_ends_with_the_same_texts(
    prepared: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("PERMIT_REMINDERS_SETTLE", "1")
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

    assert asyncio.run(run_demo(tmp_path, register)) == 0
    told = capsys.readouterr().out
    assert totals(told)[:4] == ["168", "168", "162", "5"]
    assert "audit: the ledger adds up" in told
    texts = posted(tmp_path)
    assert (len(texts), texts.total()) == (168, 168)
    wait_until(lambda: sandbox_of(tmp_path) is None)
