"""What a child process hears from the server or worker that started it."""

import os
import signal
from collections.abc import Callable
from threading import Thread


def listen_to_parent(on_byte: Callable[[], object]) -> None:
    """Call this for each byte on the standard input; at its end, ask to stop.

    It ends with the process that started us, however that ends.
    """

    def hear() -> None:
        # Not through sys.stdin: a thread that waits there breaks the process's end.
        while os.read(0, 1):
            on_byte()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=hear, daemon=True).start()
