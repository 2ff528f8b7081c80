"""A clock that jumps under running processes, where a C compiler can build it.

Only the time of day jumps: monotonic clocks and the provider's own clock do not. All
processes share it, as the processes of one machine do. A jump is longer than a lease
and than SETTLE, and short enough for what it dated to be over before patience is.
"""

import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

JUMPS: Final = (60, -60)
"""Seconds ahead of the real time of day, and behind it."""

MISSING: Final = "no clock jumps: none were wanted, or no C compiler is here"

_SOURCE: Final = Path(__file__).with_name("clock.c")


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day of an office's processes: a file says how far off it is."""

    file: Path
    library: Path

    @classmethod
    def make(cls, folder: Path) -> "Clock | None":
        """Build it in a folder, and set it right; None where that cannot be done."""
        clock = cls(folder / "clock", folder / "clock.so")
        compiler = shutil.which("cc")
        if compiler is None or sys.platform != "linux":
            return None
        output = str(clock.library)
        build = [compiler, "-shared", "-fPIC", "-O2", "-o", output, str(_SOURCE)]
        if subprocess.run(build, check=False, capture_output=True).returncode:
            return None
        clock.file.write_bytes(struct.pack("q", 0))
        return clock

    @property
    def environment(self) -> dict[str, str]:
        """For the processes that live by it."""
        return {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.file)}

    def set(self, seconds: int) -> None:
        """Jump to so many seconds ahead of the real time, or behind it."""
        with self.file.open("r+b", buffering=0) as file:
            file.write(struct.pack("q", seconds))
