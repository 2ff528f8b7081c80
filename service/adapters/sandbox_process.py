"""Runs the sandbox of a database: one process, shared by all that use it.

Two lock files in its folder (flock: the system releases the locks of a killed process):

- `start.lock` belongs to whoever looks for the sandbox, and starts it if there is none.
  The new process inherits it, so it is held until the sandbox answers, even if its
  starter is killed.
- `users.lock` is shared by all users. The sandbox waits until it gets it alone, and
  ends.
"""

import asyncio
import fcntl
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp

from service.domain.errors import SetUpError

_USERS: Final = "users.lock"

_STOP_TIMEOUT: Final = 2.0
"""Seconds after SIGTERM before the sandbox is killed."""

_HEALTH_TIMEOUT: Final = 5.0
"""Seconds in which a sandbox that runs has answered."""

_POLL_INTERVAL: Final = 0.02
"""Seconds between two tries to get a lock; a thread that waits could not be ended."""


@dataclass(frozen=True, slots=True)
class SandboxAddress:
    """The URL of a sandbox and its credentials."""

    url: str
    account_sid: str
    auth_token: str = field(repr=False)


@asynccontextmanager
async def run_sandbox(folder: Path) -> AsyncIterator[SandboxAddress]:
    """Use the sandbox of a folder; start it if it does not run.

    It outlives its starter while others use it, and ends when nobody does. A starter
    that is the last user waits for that. Raises `SetUpError` if it cannot start.
    """
    child = None
    with _open_lock(folder, _USERS) as users:
        with _open_lock(folder, "start.lock") as start:
            await _lock(start, fcntl.LOCK_EX)
            await _lock(users, fcntl.LOCK_SH)  # waits for one that is ending
            address = await _find_running(folder)
            if address is None:
                child = _start(folder, start)
                address = await _wait_until_ready(child, folder)
            fcntl.flock(start, fcntl.LOCK_UN)
        try:
            yield address
        finally:
            if child is not None:
                await _end_if_unused(child, users)


def _start(folder: Path, start: BinaryIO) -> subprocess.Popen[bytes]:
    """Start a sandbox in a session of its own: Ctrl-C is not for it.

    Not through asyncio, which kills its children when its loop is closed.
    """
    with _log_file(folder).open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own module
            [
                *(sys.executable, "-m", "service.sandbox"),
                *("--host", "127.0.0.1", "--port", "0", "--dir", str(folder)),
                *("--users", str(folder / _USERS)),
            ],
            stdin=start,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )


async def _wait_until_ready(
    child: subprocess.Popen[bytes], folder: Path
) -> SandboxAddress:
    assert child.stdout is not None  # noqa: S101 - stdout is a pipe
    with child.stdout:
        line = await asyncio.to_thread(child.stdout.readline)
    if not line:
        await asyncio.to_thread(child.wait)
        said = _log_file(folder).read_text("utf-8", errors="replace").strip()
        last = said.rpartition("\n")[2].removeprefix("sandbox: ")
        raise SetUpError(f"sandbox: did not start: {last or 'it said nothing'}")
    return _parse_address(line)


async def _end_if_unused(child: subprocess.Popen[bytes], users: BinaryIO) -> None:
    """Stop using the sandbox, and wait for its end if nobody else uses it."""
    if _try_lock(users, fcntl.LOCK_EX):
        child.terminate()
    elif _try_lock(users, fcntl.LOCK_SH):
        return  # others use it; if it had the lock itself, it would be ending
    try:
        await asyncio.to_thread(child.wait, _STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _open_lock(folder: Path, name: str) -> BinaryIO:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / name).open("ab")


async def _lock(file: BinaryIO, how: int) -> None:
    while not _try_lock(file, how):  # noqa: ASYNC110 - another process releases it
        await asyncio.sleep(_POLL_INTERVAL)


def _try_lock(file: BinaryIO, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _find_running(folder: Path) -> SandboxAddress | None:
    try:
        address = _parse_address((folder / "sandbox.json").read_bytes())
        timeout = aiohttp.ClientTimeout(total=_HEALTH_TIMEOUT)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{address.url}/_sandbox/health") as answer,
        ):
            health = await answer.json()
            # By now the port may be that of another database's sandbox.
            return address if health["account_sid"] == address.account_sid else None
    except (OSError, ValueError, KeyError, TypeError, aiohttp.ClientError):
        return None


def _parse_address(text: bytes) -> SandboxAddress:
    fields = json.loads(text)
    return SandboxAddress(fields["url"], fields["account_sid"], fields["auth_token"])


def _log_file(folder: Path) -> Path:
    """What the sandbox says on standard error: it has no terminal."""
    return folder / "sandbox.log"
