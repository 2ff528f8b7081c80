from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from service.adapters.twilio.provider import TwilioProvider, open_twilio
from service.sandbox.account import Account
from service.sandbox.application import make_app
from service.sandbox.event_log import EventLog
from service.sandbox.options import Options
from tests.adapters.twilio.fake_server import (
    ACCOUNT,
    TOKEN,
    Open,
    Serve,
    Speak,
    sender_to,
    server,
)


@pytest.fixture
async def rooms() -> AsyncIterator[AsyncExitStack]:
    """A stack of resources, closed after the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def sandbox(tmp_path: Path, rooms: AsyncExitStack) -> str:
    """The address of a sandbox in this process."""
    journal = EventLog(tmp_path / "messages.jsonl")
    rooms.callback(journal.close)
    options = Options(directory=tmp_path, pace=0)
    app = make_app(options, Account(ACCOUNT, TOKEN), journal)
    running = await rooms.enter_async_context(TestServer(app))
    return f"http://127.0.0.1:{running.port}"


@pytest.fixture
def opened(rooms: AsyncExitStack) -> Open:
    async def open_one(url: str, **changed: Any) -> TwilioProvider:  # noqa: ANN401 - fields
        return await rooms.enter_async_context(open_twilio(sender_to(url, **changed)))

    return open_one


@pytest.fixture
def serve(rooms: AsyncExitStack) -> Serve:
    async def serve_one(speak: Speak) -> tuple[str, list[bytes]]:
        return await rooms.enter_async_context(server(speak))

    return serve_one
