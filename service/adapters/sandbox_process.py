"""Runs the sandbox as a child process, or finds one that is already running."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from service.domain.errors import SetUpError

_STOP_TIMEOUT = 5.0
"""Seconds after SIGTERM before the sandbox is killed."""


@dataclass(frozen=True, slots=True)
class SandboxAddress:
    """The URL of a sandbox and its credentials."""

    url: str
    account_sid: str
    auth_token: str = field(repr=False)


@asynccontextmanager
async def run_sandbox(folder: Path, idle: float = 0) -> AsyncIterator[SandboxAddress]:
    """Use the running sandbox of a folder, or start one and stop it on exit.

    If this process is killed, the sandbox goes on: the next call finds it, or it ends
    after `idle` seconds without a request (0: never).
    """
    if found := await _find_running(folder):
        yield found
        return
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service.sandbox"),
        *("--host", "127.0.0.1", "--port", "0"),
        *("--dir", str(folder), "--idle", str(idle)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield await _wait_until_ready(child)
    finally:
        with suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), _STOP_TIMEOUT)
        except TimeoutError:
            child.kill()


async def _wait_until_ready(child: asyncio.subprocess.Process) -> SandboxAddress:
    assert child.stdout is not None  # noqa: S101 - stdout is a pipe
    line = await child.stdout.readline()
    if not line:
        raise SetUpError("sandbox: did not start; see the line above")
    return _parse_address(line)


async def _find_running(folder: Path) -> SandboxAddress | None:
    try:
        address = _parse_address((folder / "sandbox.json").read_bytes())
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{address.url}/_sandbox/health") as answer,
        ):
            return address if answer.ok else None
    except (OSError, ValueError, KeyError, aiohttp.ClientError):
        return None


def _parse_address(text: bytes) -> SandboxAddress:
    fields = json.loads(text)
    return SandboxAddress(fields["url"], fields["account_sid"], fields["auth_token"])
