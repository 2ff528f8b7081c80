"""What signals do to a command that has to end in order, by real processes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.commands import environment

ASKED = "stopping: what is under way ends; again: at once\n"

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@contextmanager
def running(body: str) -> Iterator[subprocess.Popen[str]]:
    """A process that runs this as a command that `stop` may end; it has begun."""
    script = (
        "import asyncio, sys\n"
        "from service.cli import signal_handlers, stop_signal\n"
        "@stop_signal.stoppable\n"
        "def command(stop):\n"
        "    def begin(): print('begun', flush=True)\n"
        f"{body}"
        "command()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


def ask(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal, and wait until the process says that it was asked to stop."""
    process.send_signal(number)
    assert process.stderr is not None
    assert process.stderr.readline() == ASKED


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end; the exit code, and what else it said on standard error."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said


BUSY = """
    async def work():
        begin()
        while True: pass
    asyncio.run(work())
"""

BEFORE_THE_LOOP = """
    begin()
    sys.stdin.readline()
    asyncio.run(stop.wait())
    print(stop.is_set())
"""

IN_THE_LOOP = """
    async def work():
        waiting = [asyncio.create_task(stop.wait()) for _ in range(2)]
        await asyncio.sleep(0)
        begin()
        await asyncio.gather(*waiting)
        print(stop.is_set())
    asyncio.run(work())
"""

ENDLESS = """
    stop_signal.STOP_GRACE = 0.1
    begin()
    asyncio.run(asyncio.Event().wait())
"""

CLOSING = """
    import atexit, signal
    atexit.register(lambda: print(signal.getitimer(signal.ITIMER_REAL)))
    begin()
    asyncio.run(stop.wait())
"""

LOADING = """
    with signal_handlers.ending_at_once():
        begin()
        try: sys.stdin.readline()
        except BaseException: print("an exception, which an import may lose")
"""


@BOTH
def test_a_second_signal_ends_it_while_the_loop_is_busy(
    number: signal.Signals,
) -> None:
    with running(BUSY) as process:
        ask(process, signal.SIGTERM)
        process.send_signal(number)
        assert end(process) == (128 + number, "")


@BOTH
def test_a_signal_before_the_loop_runs_is_not_lost(
    number: signal.Signals,
) -> None:
    with running(BEFORE_THE_LOOP) as process:
        ask(process, number)
        out, _ = process.communicate("go on\n", timeout=60)
        assert (process.returncode, out) == (0, "True\n")


@BOTH
def test_a_signal_wakes_all_that_wait_for_it(number: signal.Signals) -> None:
    with running(IN_THE_LOOP) as process:
        ask(process, number)
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "True\n")


@BOTH
def test_what_does_not_end_is_ended_after_the_grace(
    number: signal.Signals,
) -> None:
    with running(ENDLESS) as process:
        ask(process, number)
        assert end(process) == (
            128 + number,
            "not over after 0.1 seconds: ended at once\n",
        )


@BOTH
def test_a_command_that_ended_in_time_is_not_ended_again(
    number: signal.Signals,
) -> None:
    with running(CLOSING) as process:
        ask(process, number)
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "(0.0, 0.0)\n")


@BOTH
def test_a_signal_while_a_command_loads_ends_it_at_once(
    number: signal.Signals,
) -> None:
    with running(LOADING) as process:
        process.send_signal(number)
        out, said = process.communicate(timeout=60)
        assert (process.returncode, out, said) == (128 + number, "", "")
