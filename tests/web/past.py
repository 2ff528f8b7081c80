"""What happened in an office before a test: once for all tests of a module."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from service.adapters.store.db.database import Database
from service.adapters.store.sending.pauses import SqlPauseStore
from service.app import build_installation
from service.web.application import application
from tests.web.conftest import (
    Ask,
    PassAt,
    Prepared,
    asking,
    copy_installation,
    new_carrier,
    passing,
    settings_in,
)

Past = Callable[[Ask, PassAt], Awaitable[None]]


def after(past: Past, prepared: Prepared, folder: Path) -> Prepared:
    """The prepared database after what happened, with its clock where it was then."""
    copy_installation(prepared[0], folder)
    asyncio.run(_live(past, folder, prepared[1]))
    return folder, prepared[1]


async def _live(past: Past, folder: Path, key: str) -> None:
    settings, carrier = settings_in(folder), new_carrier()
    database = Database(settings.database_url)
    installation = await build_installation(settings, database)
    headers = {"Authorization": f"Bearer {key}"}
    server = TestServer(application(installation, carrier))
    async with TestClient(server, headers=headers) as http:
        await past(asking(http), passing(installation, carrier))
    await SqlPauseStore(database).set_simulated_now(installation.clock.now())
    await database.dispose()
