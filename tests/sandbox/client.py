"""Requests to a sandbox that most of its tests need."""

from pathlib import Path

import aiohttp

from service.sandbox.client import SandboxClient, read_log

FORM = {"To": "+12025550100", "From": "+12025550000", "Body": "Renew soon."}


def sandbox_client(http: aiohttp.ClientSession) -> SandboxClient:
    """Return a client of the control API of this session's sandbox."""
    return SandboxClient(http, str(http._base_url_origin))  # noqa: SLF001 # no public name


async def create(http: aiohttp.ClientSession, **change: str) -> tuple[int, bytes]:
    """Post a valid message, with these fields changed."""
    async with http.post("Messages.json", data=FORM | change) as answer:
        return answer.status, await answer.read()


async def wait_until_struck(sandbox: SandboxClient, count: int) -> None:
    """Wait until the faults have struck `count` times in all."""
    while sum(one["struck"] for one in await sandbox.faults()) < count:
        pass


def events(folder: Path) -> list[str]:
    """Return the faults and created messages of the log, in order."""
    named = [one.get("fault") or one["event"] for one in read_log(folder)]
    return [one for one in named if one not in {"faults", "status", "callback"}]
