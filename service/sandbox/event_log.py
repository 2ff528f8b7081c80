"""The log on disk: one JSON line per event, in the order in which it happened."""

import fcntl
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from service.sandbox.errors import SandboxError

Event = Mapping[str, Any]


class EventLog:
    """An append-only file that one living sandbox owns.

    What `append` returned from is in the hands of the operating system: it outlives
    the death of this process, though not a power cut. A last line that was cut short
    was never answered for and is dropped when the file is opened again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        opened = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(opened, "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            self._file.close()
            raise SandboxError.in_use(path.parent) from busy

    def replay(self, apply: Callable[[Event], None]) -> None:
        """Hand over every event so far; to be done before the first `append`.

        Raises SandboxError, naming the line, where one cannot be read or taken.
        """
        whole = 0
        self._file.seek(0)
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                apply(orjson.loads(line))
            except (AttributeError, KeyError, TypeError, ValueError) as broken:
                raise SandboxError.bad_line(self._path, number) from broken
            whole += len(line)
        self._file.truncate(whole)

    def append(self, event: Event) -> None:
        """Write one event; only after this may anybody be told of it."""
        self._file.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
        self._file.flush()

    def close(self) -> None:
        """Let the file go, so that the next sandbox may own it."""
        self._file.close()
