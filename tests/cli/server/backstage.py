"""The sandbox of a folder, controlled from outside the service."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any


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
