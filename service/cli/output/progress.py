"""How far a long command is, for somebody who watches it in a terminal."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

T = TypeVar("T")

_SHOWN_EVERY: Final = 1000
"""Rows after which the number on the screen changes."""


class _RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        """The rate, once it is known."""
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")


@contextmanager
def show_reading(
    check: Callable[[], None], console: Console | None = None
) -> Iterator[Callable[[], None]]:
    """Give the check of each row on, and show how many are read; only in a terminal."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield check
        return
    columns = TextColumn("{task.completed:,.0f} rows read"), _RateColumn()
    read = count(1)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def count_row() -> None:
            check()
            if (rows := next(read)) % _SHOWN_EVERY == 0:
                progress.update(task, completed=rows)

        yield count_row


@contextmanager
def show_copying(
    console: Console | None = None,
) -> Iterator[Callable[[int], Callable[[str, int], None]]]:
    """Show what is done to how many rows, once their number is known."""
    console = console or Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:

        def start(total: int) -> Callable[[str, int], None]:
            task = progress.add_task("", total=total)
            return lambda what, rows: progress.update(
                task, advance=rows, description=what
            )

        yield start


@contextmanager
def show_progress(
    rows: Iterable[T], total: int, console: Console | None = None
) -> Iterator[Iterable[T]]:
    """Give the rows on, and show how many were taken; only in a terminal.

    What is shown goes away at the end, and to the standard error.
    """
    console = console or Console(stderr=True)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        _RateColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield progress.track(rows, total=total)
