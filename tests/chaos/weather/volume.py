"""A small volume for the database, which can be full: a tmpfs, where we may mount one.

The provider's log and what processes print are elsewhere.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

MISSING: Final = "no full volume: none was wanted, or only root may mount one"

_MEGABYTES: Final = 64
"""More than the database of a thousand kills and the longest WAL."""

_BLOCKS: Final = (1 << 20, 1 << 12, 1)
"""Bytes written at once, larger first, until the last one finds no room."""


@dataclass(slots=True)
class Volume:
    """A folder of limited size."""

    path: Path
    is_full: bool = False
    freed_at: float = 0.0

    def fill(self) -> None:
        """Leave no byte free."""
        self.is_full = True
        with self._filler.open("wb", buffering=0) as file:
            for size in _BLOCKS:
                with suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    def free(self) -> None:
        """Give it back."""
        self._filler.unlink(missing_ok=True)
        self.is_full, self.freed_at = False, monotonic()

    def was_full(self, since: float) -> bool:
        """Whether it was full at some time after this instant of `monotonic`."""
        return self.is_full or self.freed_at >= since

    @property
    def _filler(self) -> Path:
        return self.path / "filler"


@contextmanager
def mounted(path: Path, *, wanted: bool) -> Iterator[Volume | None]:
    """Mount a small volume at an empty folder; None if not wanted or not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", str(path)]
    is_root = wanted and os.geteuid() == 0
    if (
        not is_root
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        yield None
        return
    try:
        yield Volume(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=False)
