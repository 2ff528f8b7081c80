"""Garbage, collected less often in a process that stays."""

import gc
from typing import Final

_MADE: Final = 20_000
"""Objects made before it looks for circles: what a claim makes is gone without it."""


def collect_seldom() -> None:
    """Once a process stands: its libraries and the law stay, so they are passed over.

    To walk through them again and again costs a tenth of sending.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MADE)
