"""Signals to stop: the first ends the process in order, the second at once."""

import asyncio
import os
import signal
from types import FrameType
from typing import Final, NoReturn

import click

from service.cli import INTERRUPTED, TERMINATED

_EXIT_CODES: Final = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}


def stop_on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or Ctrl-C; the second ends the process where it stands.

    That is no worse than a power cut: what it leaves unrecorded, the next process
    settles. Asked for early, lest the sandbox be left alone.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def once() -> None:
        for number in _EXIT_CODES:
            loop.remove_signal_handler(number)
            signal.signal(number, _exit_at_once)
        click.echo("stopping: what is under way ends; again: at once", err=True)
        stop.set()

    for number in _EXIT_CODES:
        loop.add_signal_handler(number, once)
    return stop


def _exit_at_once(number: int, _: FrameType | None) -> NoReturn:
    os._exit(_EXIT_CODES[signal.Signals(number)])
