"""A command that kills itself before or after a SQL statement, or before a commit.

`python -m tests.cli.permits.die_at_statement N ROWS COMMAND …` dies at the N-th of
these moments; an import has so many rows in a chunk.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.engine import Engine

from service.cli import main
from service.flow.permits import import_register

MOMENTS = ("before_cursor_execute", "after_cursor_execute", "commit")


@contextmanager
def at_each_moment(call: Callable[[], None]) -> Iterator[None]:
    """Call something before and after each statement, and before each commit."""

    def notice(*_: object) -> None:
        call()

    for moment in MOMENTS:
        event.listen(Engine, moment, notice)
    try:
        yield
    finally:
        for moment in MOMENTS:
            event.remove(Engine, moment, notice)


if __name__ == "__main__":
    moments = iter(range(1, int(sys.argv[1])))

    def die_after_the_last() -> None:
        if next(moments, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    vars(import_register)["CHUNK"] = int(sys.argv[2])
    with at_each_moment(die_after_the_last):
        main(sys.argv[3:])
