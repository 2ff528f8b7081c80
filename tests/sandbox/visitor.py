"""A client of the sandbox, as most of its tests need one."""

from pathlib import Path

import aiohttp

from service.sandbox.client import SandboxClient, read_log

FORM = {"To": "+12025550100", "From": "+12025550000", "Body": "Renew soon."}


def backstage(http: aiohttp.ClientSession) -> SandboxClient:
    """The backstage of the sandbox this session speaks to."""
    return SandboxClient(http, str(http._base_url_origin))  # noqa: SLF001 # no public name


async def create(http: aiohttp.ClientSession, **change: str) -> tuple[int, bytes]:
    """Post a message, a good one unless it is changed."""
    async with http.post("Messages.json", data=FORM | change) as answer:
        return answer.status, await answer.read()


async def struck(sandbox: SandboxClient, count: int) -> None:
    """Ask until the faults have struck so often."""
    while sum(one["struck"] for one in await sandbox.faults()) < count:
        pass


def events(folder: Path) -> list[str]:
    """What the log says of faults and takings, in order."""
    named = [one.get("fault") or one["event"] for one in read_log(folder)]
    return [one for one in named if one not in {"faults", "status", "callback"}]
