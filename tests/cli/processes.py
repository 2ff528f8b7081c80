"""Commands in processes of their own: real ones, and such as need no start-up time."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.cli.commands import ROOT, environment


@contextmanager
def started(
    *arguments: object, folder: Path, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, as in a terminal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *map(str, arguments)],
        cwd=folder,
        env=environment() | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Forked:
    """A command in a process that `fork_server` made; it is used as a `Popen`."""

    def __init__(self, server: socket.socket, command: Mapping[str, object]) -> None:
        request, asked = os.pipe()
        out, stdout = os.pipe()
        err, stderr = os.pipe()
        told, tell = os.pipe()
        theirs = [request, stdout, stderr, tell]
        socket.send_fds(server, [b"!"], theirs)
        for pipe in theirs:
            os.close(pipe)
        with os.fdopen(asked, "w") as file:
            json.dump(command, file)
        self.stdout, self.stderr = os.fdopen(out), os.fdopen(err)
        self._told = os.fdopen(told)
        self.pid = int(self._told.readline())
        self._code: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait(60)
        self.close()

    def close(self) -> None:
        """Hear no more of it, once it has ended."""
        for file in (self.stdout, self.stderr, self._told):
            file.close()

    @property
    def returncode(self) -> int | None:
        """Its exit code, or None as long as it runs."""
        return self._ended(0)

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a forked command", timeout)
        return code

    def _ended(self, timeout: float) -> int | None:
        if self._code is None and select.select([self._told], [], [], timeout)[0]:
            self._code = int(self._told.readline())
        return self._code

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it writes until it ends: little on its standard output."""
        err, out = self.stderr.read(), self.stdout.read()
        self.wait(timeout)
        return out, err


Process = subprocess.Popen[str] | Forked
Fork = Callable[..., Forked]


@contextmanager
def fork_server() -> Iterator[Fork]:
    """Start commands without the second that imports take, where it is not tested."""
    ours, theirs = socket.socketpair()
    with theirs:
        number = theirs.fileno()
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.fork_server", str(number)],
            cwd=ROOT,
            env=environment(),
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def fork(
        *arguments: object, folder: Path, log: Path | str = "", **more: str
    ) -> Forked:
        command = {
            "arguments": [*map(str, arguments)],
            "folder": str(folder),
            "environment": environment() | more,
            "log": str(log),
        }
        return Forked(ours, command)

    with server, ours:
        yield fork


def stopped(process: Process, number: signal.Signals) -> tuple[int, str]:
    """Send a signal; the exit code and the standard error."""
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=30)
    assert process.returncode is not None
    return process.returncode, said


def address(process: Process) -> str:
    """Where a process says that it listens."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("listening on "):
            return line.split()[-1]
    raise AssertionError("it ended before it listened")
