import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from service.sandbox.client import SandboxClient
from service.sandbox.faults import Busy, Hang, Latency
from tests.sandbox.client import create, events, wait_until_struck


async def test_an_account_is_busy_only_above_so_many_requests_at_a_time(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(Busy(above=2), Latency(seconds=3600))
    waiting = [asyncio.create_task(create(http)) for _ in range(2)]
    await wait_until_struck(sandbox, 2)
    assert (await create(http))[0] == 429
    await sandbox.clear()
    assert [status for status, _ in await asyncio.gather(*waiting)] == [201, 201]


async def test_a_slow_request_is_looked_at_later_though_its_client_is_gone(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path
) -> None:
    await sandbox.put(Latency(seconds=3600, times=1))
    client = asyncio.create_task(create(http))
    await wait_until_struck(sandbox, 1)
    client.cancel()
    assert await sandbox.messages() == []
    await sandbox.clear()
    while not await sandbox.messages():
        pass
    assert events(tmp_path) == ["latency", "created"]


async def test_a_little_latency_delays_and_changes_nothing(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(Latency(seconds=0.001), Latency(seconds=0, upto=0.002, seed=4))
    assert (await create(http))[0] == 201


@pytest.mark.parametrize(("taken", "messages"), [(False, 0), (True, 1)])
async def test_a_request_that_hangs_ends_with_its_client(
    http: aiohttp.ClientSession, sandbox: SandboxClient, *, taken: bool, messages: int
) -> None:
    await sandbox.put(Hang(seconds=3600, taken=taken))
    client = asyncio.create_task(create(http))
    await wait_until_struck(sandbox, 1)
    client.cancel()
    assert len(await sandbox.messages()) == messages
    async with http.get("Messages.json") as answer:
        inside = answer.headers["Twilio-Concurrent-Requests"]
    while inside != "1":
        async with http.get("Messages.json") as answer:
            inside = answer.headers["Twilio-Concurrent-Requests"]


@pytest.mark.parametrize("seconds", [0, 0.001])
async def test_a_request_that_hangs_is_cut_off_in_the_end(
    http: aiohttp.ClientSession, sandbox: SandboxClient, seconds: float
) -> None:
    await sandbox.put(Hang(seconds=seconds))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await create(http)


async def test_clearing_cuts_off_what_hangs(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(Hang(seconds=3600))
    client = asyncio.create_task(create(http))
    await wait_until_struck(sandbox, 1)
    assert await sandbox.clear() == []
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client
    assert (await create(http))[0] == 201


async def test_a_stopping_sandbox_lets_go_what_hangs_and_waits(
    http: aiohttp.ClientSession,
    sandbox: SandboxClient,
    reopen: Callable[[], Awaitable[aiohttp.ClientSession]],
    tmp_path: Path,
) -> None:
    await sandbox.put(Hang(seconds=3600, every=2), Latency(seconds=3600, body="Renew"))
    clients = [asyncio.create_task(create(http)) for _ in range(4)]
    await wait_until_struck(sandbox, 4)
    await reopen()
    await asyncio.gather(*clients, return_exceptions=True)
    assert events(tmp_path).count("created") == 2
