"""Run a command as users do, and look at its output and the database."""

import asyncio
import csv
import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import structlog

from service.adapters.store.db.database import Database
from service.adapters.store.sending.pauses import SqlPauseStore
from service.cli import main

ROOT = Path(__file__).parents[2]

FOOD = "cn-food-production-license"
CMA = "cn-inspection-testing-cma"

BEFORE = "2024-01-28T12:00+08:00"
"""The Sunday before: nothing is due yet."""

NOON = "2024-01-29T12:00+08:00"
"""Monday: the first step of CMA permits that expire on 28 June fell due at 09:30."""

COLUMNS = ("rule", "number", "holder", "expires_on", "phones")


CITY = f"""
source = "city"
rule = "{CMA}"
encoding = "gb18030"
date_format = "%d.%m.%Y"
[columns]
"证书编号" = "number"
"机构名称" = "holder"
"有效期至" = "expires_on"
"""
"""A mapping for a register with Chinese columns."""


@dataclass(frozen=True)
class Ran:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """What a command that got bad input printed: a line, and one per mistake."""
        assert (self.code, self.out) == (2, ""), self
        first, *mistakes = self.err.splitlines()
        assert len(mistakes) != 1, "a single mistake stands on the first line"
        assert all(line.startswith("  ") for line in mistakes)
        assert "Traceback" not in first
        return self.err.removesuffix("\n")

    @property
    def answer(self) -> str:
        """The output of a command that succeeded without an error line."""
        assert (self.code, self.err) == (0, ""), self
        return self.out

    @property
    def imported(self) -> str:
        """What an import answered below the line that says how it read the file."""
        first, _, counts = self.out.partition("\n")
        assert first.startswith("read as "), self
        rows = re.findall(r"(\d+) (\w+)", counts.partition("\n")[0])
        rejected = sum(int(count) for count, what in rows if what == "rejected")
        many = rejected * 10 > sum(int(count) for count, _ in rows)
        assert (self.code, self.err) == (3 if many else 0, ""), self
        return counts

    @property
    def told(self) -> Any:  # noqa: ANN401 - what JSON says
        """That output, parsed as JSON."""
        return json.loads(self.answer)


Run = Callable[..., Ran]


def environment() -> dict[str, str]:
    """The environment of this process, without settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PERMIT_REMINDERS_", "TWILIO_"))
    }
    return kept | {"PYTHONPATH": str(ROOT)}


def run_here(*arguments: object) -> Ran:
    """Run a command in this process, through the entry point of the command."""
    out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    root = logging.root
    handlers, level = root.handlers[:], root.level
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main([str(one) for one in arguments])
    except SystemExit as exited:
        code = exited.code or 0
    else:
        raise AssertionError(arguments)
    finally:  # commands set up the log of their whole process
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
    assert isinstance(code, int)
    return Ran(code, *(one.buffer.getvalue().decode() for one in (out, err)))


def command(*arguments: object, folder: Path, **more: str) -> Ran:
    """Run the real command in a folder, as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "service", *map(str, arguments)],
        cwd=folder,
        env=environment() | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def simulate(folder: Path, now: str) -> None:
    """Mark a database as simulated and set its clock, as only the demo does."""

    async def mark() -> None:
        database = Database(f"sqlite:///{folder / 'permit-reminders.db'}")
        try:
            await SqlPauseStore(database).set_simulated_now(datetime.fromisoformat(now))
        finally:
            await database.dispose()

    asyncio.run(mark())


def sql(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement on the database file; the rows that it returns."""
    path = folder / "permit-reminders.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def write(path: Path, *rows: str, header: str = ",".join(COLUMNS)) -> Path:
    """Write a register; each row is a line of CSV."""
    path.write_text("".join(f"{row}\n" for row in (header, *rows)), "utf-8")
    return path


def cells(path: Path) -> list[dict[str, str]]:
    """Read a CSV file for a spreadsheet, by its columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def posted(folder: Path) -> list[tuple[str, str]]:
    """Phone and text of every SMS that the sandbox accepted, as far as it has said."""
    log = folder / "sandbox" / "messages.jsonl"
    *lines, _ = log.read_text("utf-8").split("\n")  # the last may not be complete
    events = map(json.loads, lines)
    return [(one["to"], one["body"]) for one in events if one["event"] == "created"]
