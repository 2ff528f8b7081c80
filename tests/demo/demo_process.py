"""Runs the demo in a child process, and reads the sandbox's log."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]

PATIENCE = 100.0


def environment(**more: str) -> dict[str, str]:
    """A clean environment: no settings but those named."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PERMIT_REMINDERS_", "TWILIO_"))
    }
    return kept | {"PYTHONPATH": str(ROOT), **more}


def command(*arguments: str) -> list[str]:
    """The command line of one `permit-reminders` command."""
    return [sys.executable, "-m", "service", *arguments]


def play(folder: Path, register: Path) -> list[str]:
    """The command line of a demo with another register, which takes less time."""
    script = f"""
import asyncio
import sys
from pathlib import Path
from service.demo import run_demo
sys.exit(asyncio.run(run_demo(Path({str(folder)!r}), Path({str(register)!r}))))
"""
    return [sys.executable, "-c", script]


def run(words: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command line to its end."""
    return subprocess.run(
        words,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def events(folder: Path) -> list[dict[str, object]]:
    """The sandbox's log; a last line still being written is left out."""
    log = folder / "sandbox" / "messages.jsonl"
    text = log.read_text("utf-8") if log.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def posted(folder: Path) -> Counter[tuple[object, object]]:
    """Count the messages that the sandbox accepted, by phone and text."""
    return Counter(
        (one["to"], one["body"]) for one in events(folder) if one["event"] == "created"
    )


def wait_until(true: Callable[[], bool]) -> None:
    """Wait until a condition is true that another process fulfils."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
