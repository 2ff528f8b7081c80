"""What the search for garbage leaves out in a process that serves for long."""

import gc


def spare_loaded() -> None:
    """Never look for garbage in what is loaded by now.

    The modules alone are 180,000 objects, and hardly one of them is ever freed: each
    full search would take 0.1 s, in which nothing is sent or answered.
    """
    gc.freeze()
