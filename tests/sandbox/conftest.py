import asyncio
import logging
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from service.sandbox.account import Account
from service.sandbox.application import make_app
from service.sandbox.client import SandboxClient
from service.sandbox.event_log import EventLog
from service.sandbox.options import Options
from tests.sandbox.client import sandbox_client

ROOT = Path(__file__).parents[2]


def session_of(url: str, account: Account) -> aiohttp.ClientSession:
    """A session of one account: relative paths are below it, absolute ones are not."""
    key = aiohttp.encode_basic_auth(account.sid, account.auth_token)
    return aiohttp.ClientSession(
        f"{url}/2010-04-01/Accounts/{account.sid}/", headers={"Authorization": key}
    )


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No request or fault may log an error inside the sandbox."""
    yield
    errors = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert errors == []


@pytest.fixture
def account() -> Account:
    return Account("AC" + "1" * 32, "2" * 32)


@pytest.fixture
async def reopen(
    tmp_path: Path, account: Account
) -> AsyncIterator[Callable[[], Awaitable[aiohttp.ClientSession]]]:
    """Opens a sandbox in this process, after closing the one opened before."""
    rooms = AsyncExitStack()

    async def open_one() -> aiohttp.ClientSession:
        await rooms.aclose()
        journal = EventLog(tmp_path / "messages.jsonl")
        rooms.callback(journal.close)
        app = make_app(Options(directory=tmp_path, pace=0), account, journal)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        rooms.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return await rooms.enter_async_context(session_of(url, account))

    yield open_one
    await rooms.aclose()


@pytest.fixture
async def http(
    reopen: Callable[[], Awaitable[aiohttp.ClientSession]],
) -> aiohttp.ClientSession:
    """A session of the account of a sandbox in this process."""
    return await reopen()


@pytest.fixture
def sandbox(http: aiohttp.ClientSession) -> SandboxClient:
    """A client of its control API."""
    return sandbox_client(http)


@pytest.fixture
def send(http: aiohttp.ClientSession) -> Callable[..., Awaitable[Mapping[str, Any]]]:
    """Post a valid message; returns its JSON."""

    async def post(**form: str) -> Mapping[str, Any]:
        whole = {"From": "+12025550000", "Body": "Renew soon.", **form}
        async with http.post("Messages.json", data=whole) as answer:
            shape: dict[str, Any] = await answer.json()
            assert answer.status == 201, shape
            return shape

    return post


@pytest.fixture
def answers() -> deque[int]:
    """Statuses of the hook's next answers, 0 to hang up; 204 if empty."""
    return deque()


@pytest.fixture
def calls() -> asyncio.Queue[web.Request]:
    """The requests to the hook, with their bodies already read."""
    return asyncio.Queue()


@pytest.fixture
def hear(
    calls: asyncio.Queue[web.Request],
) -> Callable[[], Awaitable[Mapping[str, Any]]]:
    """Waits for the next call of the hook; returns its form."""

    async def listen() -> Mapping[str, Any]:
        request = await asyncio.wait_for(calls.get(), 30)
        return await request.post()

    return listen


@pytest.fixture
async def hook(
    calls: asyncio.Queue[web.Request], answers: deque[int]
) -> AsyncIterator[str]:
    """The URL of a server that takes webhooks."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        await calls.put(request)
        status = answers.popleft() if answers else 204
        if not status and request.transport:
            request.transport.close()
        return web.Response(status=status or 204)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}/status"


@pytest.fixture
async def twilio(
    http: aiohttp.ClientSession, account: Account, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """The SDK's own client, without any code of ours."""
    monkeypatch.delenv("TWILIO_EDGE", raising=False)
    monkeypatch.delenv("TWILIO_REGION", raising=False)
    async with AsyncTwilioHttpClient() as transport:
        client = Client(account.sid, account.auth_token, http_client=transport)
        client.api.base_url = sandbox_client(http).url
        yield client


@pytest.fixture
async def spawn(
    tmp_path: Path,
) -> AsyncIterator[Callable[..., Awaitable[asyncio.subprocess.Process]]]:
    """Starts `python -m service.sandbox` for the test's directory."""
    started: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "service.sandbox", "--dir", str(tmp_path))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, *arguments, cwd=ROOT, stdout=pipe, stderr=pipe
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def ready() -> AsyncIterator[
    Callable[[asyncio.subprocess.Process], Awaitable[aiohttp.ClientSession]]
]:
    """Waits for the ready line of a process; returns a session of its account."""
    async with AsyncExitStack() as sessions:

        async def wait(process: asyncio.subprocess.Process) -> aiohttp.ClientSession:
            assert process.stdout
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, await process.communicate()
            told = orjson.loads(line)
            account = Account(told["account_sid"], told["auth_token"])
            session = session_of(told["url"], account)
            return await sessions.enter_async_context(session)

        yield wait
