"""What happens around the processes: reminders fall due, the sandbox fails."""

import json
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.cli.commands import CMA, NOON, run_here, write

MANY = 60
"""Reminders due: more than are POSTed at once."""


def fall_due(live: Path, phones: Sequence[str]) -> None:
    """Let a reminder to each phone be due in the current folder, and none be sent."""
    rows = [
        f"{CMA},2400000{at:05},第{at}检测,2024-06-28,{phone}"
        for at, phone in enumerate(phones)
    ]
    assert run_here("import", write(live / "permits.csv", *rows)).code == 0
    assert run_here("pause", "--reason", "not yet").code == 0
    created = f"{len(phones)} reminders created, 0 "
    assert run_here("tick", "--now", NOON).answer.startswith(created)


class Backstage:
    """The sandbox in the folder, which outlives the process that is stopped."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_sandbox/faults"

    def put(self, *faults: dict[str, Any]) -> Any:  # noqa: ANN401 - what JSON says
        """Replace its faults; what waited because of the former ones goes on."""
        return self._ask("PUT", json.dumps(faults).encode())

    def struck(self) -> int:
        """How many requests the first fault has struck."""
        return int(self._ask("GET")[0]["struck"])

    def _ask(self, method: str, body: bytes | None = None) -> Any:  # noqa: ANN401
        asked = urllib.request.Request(self._url, body, method=method)  # noqa: S310
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - ours
            return json.load(answer)


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, by asking."""
    last = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < last, "it never came to that"
        time.sleep(0.01)
