import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from twilio.rest import Client

from service.adapters.calendars.holidays import calendars
from service.adapters.clock import SimulatedClock
from service.adapters.rules.files import read_authorities
from service.adapters.store.db.database import Database
from service.adapters.store.sending.pauses import SqlPauseStore
from service.adapters.twilio.provider import TwilioConfig, TwilioProvider
from service.app import Installation, build_installation
from service.domain.delivery.outcome import Accepted, Outcome
from service.domain.law_change.edits import AuthoritiesEdit
from service.flow.law_change.change import apply_change
from service.flow.office.go_live import go_live
from service.flow.sending.provider import Outgoing
from service.flow.sending.tick import tick
from service.settings import Settings, shipped_folder
from service.web.application import application
from tests.databases import copy_database, database_url, drop_database
from tests.some_rules import install_rules

NOW = datetime(2024, 1, 29, 2, tzinfo=UTC)
"""Ten in the morning in Linjiang, on a Monday."""

KEY = "A" * 43 + "="

FOOD = "cn-food-production-license"

RULES = (
    FOOD,
    *("cn-food-business-license", "cn-special-equipment-operator-certificate"),
    *("cn-direct-selling-license", "cn-inspection-testing-cma", "us-nyc-parking"),
    *("cn-advertising-release-registration", "cn-food-testing-institution"),
    "cn-special-equipment-production-license",
)
"""Some of the shipped permit types: every installation reads those that it has."""

Http = TestClient[web.Request, web.Application]
Ask = Callable[..., Awaitable[tuple[int, Any]]]
PassAt = Callable[[datetime], Awaitable[None]]
Prepared = tuple[Path, str]
"""The folder of a database, and an API key."""


class Carrier(TwilioProvider):
    """Twilio without HTTP: it accepts every message and records it."""

    def __init__(self, sender: TwilioConfig) -> None:
        super().__init__(sender, Client(sender.user, sender.secret))
        self.sent: list[Outgoing] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.sent.append(message)
        return Accepted(f"SM{len(self.sent):032}")


def settings_in(folder: Path) -> Settings:
    """Settings of the database in a folder; on a server it has no file for its key."""
    url = database_url(folder / "web.db")
    key = None if url.startswith("sqlite") else SecretStr(KEY)
    return Settings(database_url=url, authority="990000", key=key)


def copy_installation(source: Path, target: Path) -> None:
    """Copy a folder and its database, which nobody has open."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    copy_database(source / "web.db", target / "web.db")


@pytest.fixture(autouse=True)
def _beside_a_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Let what is beside a server's database be in the test's own folder.

    That is its key, for processes that are started here, and uploads.
    """
    if request.config.getoption("--database") != "sqlite":
        monkeypatch.setenv("PERMIT_REMINDERS_KEY", KEY)
        folder = tmp_path / "installation"
        folder.mkdir()
        monkeypatch.chdir(folder)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A database with some of the law and two offices at `NOW`, and an API key."""
    folder = tmp_path_factory.mktemp("prepared")

    async def prepare_one() -> str:
        settings = settings_in(folder)
        database = Database(settings.database_url)
        try:
            await database.upgrade()
            await SqlPauseStore(database).set_simulated_now(NOW)
            installation = await build_installation(settings, database)
            file = shipped_folder("examples") / "authorities.toml"
            offices = read_authorities(file, calendars=calendars())
            await install_rules(installation, RULES)
            await apply_change(
                AuthoritiesEdit(list(offices.values())),
                installation.change_store,
                installation.clock,
                by="test",
            )
            await go_live(
                "990000",
                [FOOD],
                installation.go_live_deps,
                approved_by="test",
                by="test",
            )
            return await installation.api_key_store.create("test", "test", NOW)
        finally:
            await database.dispose()

    return folder, asyncio.run(prepare_one())


@pytest.fixture
def key(prepared: Prepared) -> str:
    return prepared[1]


@pytest.fixture
async def installation(
    prepared: Prepared, tmp_path: Path
) -> AsyncIterator[Installation]:
    folder = tmp_path / "installation"
    copy_installation(prepared[0], folder)
    settings = settings_in(folder)
    database = Database(settings.database_url)
    yield await build_installation(settings, database)
    await database.dispose()
    drop_database(folder / "web.db")


def new_carrier() -> Carrier:
    return Carrier(
        TwilioConfig(
            name="sandbox",
            account_sid="AC" + "1" * 32,
            auth_token="2" * 32,
            user="AC" + "1" * 32,
            secret="2" * 32,
            messaging_service_sid=None,
            from_="+15005550006",
            api_url=None,
            public_url="https://reminders.example",
            timeout=1,
        )
    )


@pytest.fixture
def carrier() -> Carrier:
    return new_carrier()


@pytest.fixture
def sent(carrier: Carrier) -> list[Outgoing]:
    """The messages that the provider got."""
    return carrier.sent


@pytest.fixture
async def server(
    installation: Installation, carrier: Carrier
) -> AsyncIterator[TestServer]:
    running = TestServer(application(installation, carrier))
    async with running:
        yield running


@pytest.fixture
async def http(server: TestServer, key: str) -> AsyncIterator[Http]:
    """A client with an API key."""
    headers = {"Authorization": f"Bearer {key}"}
    async with TestClient(server, headers=headers) as client:
        yield client


@pytest.fixture
async def stranger(server: TestServer) -> AsyncIterator[Http]:
    """A client without an API key."""
    async with TestClient(server) as client:
        yield client


def passing(installation: Installation, carrier: Carrier) -> PassAt:
    """Moves the clock to some minutes after an instant, and ticks once."""

    async def run(instant: datetime) -> None:
        assert isinstance(installation.clock, SimulatedClock)
        installation.clock.move_to(instant + timedelta(minutes=5))
        await tick(installation.tick_deps(carrier))

    return run


@pytest.fixture
def pass_at(installation: Installation, carrier: Carrier) -> PassAt:
    """Move the clock to some minutes after an instant, and tick once."""
    return passing(installation, carrier)


def valid_fields() -> dict[str, Any]:
    """A valid body of a permit."""
    return {
        "holder": "临江甜点有限公司",
        "holder_code": "91990000MA00000142",
        "phones": ["+1 212 555 0142", "(010) 12345678"],
        "expires_on": "2024-12-31",
    }


@pytest.fixture
def fields() -> dict[str, Any]:
    """A valid body of a permit."""
    return valid_fields()


def asking(http: Http) -> Ask:
    """Calls a route with a key; the status and the JSON of the answer."""

    async def call(method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with http.request(method, path, json=body) as answer:
            text = await answer.text()
            return answer.status, orjson.loads(text) if text else None

    return call


@pytest.fixture
def ask(http: Http) -> Ask:
    """Call a route with a key; the status and the JSON of the answer."""
    return asking(http)
