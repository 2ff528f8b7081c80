"""The log file: one JSON line per event, in order of time."""

import fcntl
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from service.sandbox.errors import SandboxError

Event = Mapping[str, Any]


class EventLog:
    """An append-only file, locked by the one running sandbox that writes it.

    An appended event survives the death of this process, but not a power cut, since
    nothing is fsynced. `replay` drops an incomplete last line: no client has had an
    answer that depends on it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            self._file.close()
            raise SandboxError.in_use(path.parent) from busy

    def replay(self, apply: Callable[[Event], None]) -> None:
        """Call `apply` with every event so far; call this before the first `append`.

        Raises SandboxError with the line number if an event cannot be applied.
        """
        complete_bytes = 0
        self._file.seek(0)
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                apply(orjson.loads(line))
            except (AttributeError, KeyError, TypeError, ValueError) as broken:
                raise SandboxError.bad_line(self._path, number) from broken
            complete_bytes += len(line)
        self._file.truncate(complete_bytes)

    def append(self, event: Event) -> None:
        """Write one event; answer a client only after this has returned."""
        self._file.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
        self._file.flush()

    def close(self) -> None:
        """Close the file, which releases its lock."""
        self._file.close()
