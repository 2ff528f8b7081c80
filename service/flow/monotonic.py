"""The monotonic clock, for deadlines within one process."""

import time
from typing import Final


def monotonic_now() -> float:
    """Seconds on a monotonic clock; on Linux it runs while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
