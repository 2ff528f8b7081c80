"""Python's garbage collector, set for a process that has loaded all it needs."""

import gc
from typing import Final

MOST_NEW: Final = 10_000
"""Objects allocated and not freed before the collector looks at them; Python: 700.

A claim makes more objects than that for its messages, which live until it is over.
"""


def spare_loaded() -> None:
    """Never look for garbage in what is loaded by now.

    The modules alone are 180,000 objects, and hardly one of them is ever freed: each
    full collection would take 0.1 s, in which nothing is sent or answered.
    """
    gc.freeze()
    gc.set_threshold(MOST_NEW)
