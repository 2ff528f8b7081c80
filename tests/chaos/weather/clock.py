"""A clock that jumps under running processes, by libfaketime where it is installed.

Only the time of day jumps: monotonic clocks and the provider's own clock do not. All
processes share it, as the processes of one machine do. A jump is longer than a lease
and than SETTLE, and short enough for what it dated to be over before patience is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

JUMPS: Final = (60, -60)
"""Seconds ahead of the real time of day, and behind it."""

_LIBRARIES: Final = (
    *Path("/usr/lib").glob("*/faketime/libfaketime.so.1"),
    *Path("/usr/lib/faketime").glob("libfaketime.so.1"),
    *Path("/usr/lib64/faketime").glob("libfaketime.so.1"),
)

MISSING: Final = "no clock jumps: none were wanted, or libfaketime is not installed"


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day of an office's processes: a file says how far off it is."""

    file: Path
    library: Path

    @classmethod
    def find(cls, file: Path) -> "Clock | None":
        """Set it right; None without libfaketime."""
        if not _LIBRARIES:
            return None
        clock = cls(file, _LIBRARIES[0])
        clock.set(0)
        return clock

    @property
    def environment(self) -> dict[str, str]:
        """For the processes that live by it; they read the file once a second."""
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, seconds: int) -> None:
        """Jump to so many seconds ahead of the real time, or behind it."""
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{seconds:+}\n", "ascii")
        beside.replace(self.file)
