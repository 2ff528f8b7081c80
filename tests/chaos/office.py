"""A folder with a live office, a sandbox beside it, and real commands in it."""

import asyncio
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import orjson
from pydantic import SecretStr

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities
from service.adapters.store.db.database import Database
from service.adapters.store.sending.pauses import SqlPauseStore
from service.app import build_installation
from service.domain.law_change.edits import AuthoritiesEdit
from service.flow.law_change.change import apply_change
from service.flow.office.go_live import go_live
from service.settings import Settings
from tests.chaos.processes import Processes, RealProcesses, Running
from tests.chaos.register import RULE
from tests.chaos.weather.clock import Clock
from tests.cli.commands import Ran, environment
from tests.some_rules import install_rules

OFFICE: Final = "990000"
ZONE: Final = ZoneInfo("Asia/Shanghai")
FIRST_DAY: Final = date(2024, 3, 5)
_LIVE_FROM: Final = datetime(2024, 1, 1, tzinfo=ZONE)

_KEY: Final = "1:" + "A" * 43 + "="

SETTLE: Final = 2.0
POST: Final = SETTLE / 2
LEASE: Final = 6 * POST
"""Seconds: how the settings follow from `SETTLE` (docs/operations.md)."""


@dataclass(frozen=True, slots=True)
class Office:
    """One installation in a folder; its clock stands until `move` is called.

    The `folder` has the database alone, unless that is on a server; what others write
    is `beside` it.
    """

    beside: Path
    clock: Clock | None = None
    processes: Processes = field(default_factory=RealProcesses)
    server_url: str | None = None

    @classmethod
    def in_(
        cls,
        beside: Path,
        processes: Processes | None = None,
        server_url: str | None = None,
    ) -> "Office":
        """Make the folders; the clock of real processes can jump if it can be built."""
        if processes:
            office = cls(beside, processes=processes)
        else:
            office = cls(beside, Clock.make(beside), server_url=server_url)
        office.folder.mkdir()
        (beside / "sandbox").mkdir()
        return office

    @property
    def folder(self) -> Path:
        """Where the database is."""
        return self.beside / "office"

    @property
    def log(self) -> Path:
        """What the sandbox writes."""
        return self.beside / "sandbox" / "messages.jsonl"

    def settings(self, **more: str) -> dict[str, str]:
        """For its processes."""
        return {
            "PERMIT_REMINDERS_AUTHORITY": OFFICE,
            "PERMIT_REMINDERS_SETTLE": str(SETTLE),
            "PERMIT_REMINDERS_TICK": "0.2",
            "PYTHONFAULTHANDLER": "1",
            "PERMIT_REMINDERS_DATABASE_URL": self.url,
            "PERMIT_REMINDERS_KEY": _KEY,
            **(self.clock.environment if self.clock else {}),
            **more,
        }

    async def spawn(self, *arguments: str, err: Path, **more: str) -> Running:
        """Start a command in a session of its own, so that a kill reaches all of it."""
        settings = self.settings(**more)
        return await self.processes.start(
            *arguments, folder=self.folder, settings=settings, log=err
        )

    async def run(self, *arguments: str) -> Ran:
        """Run a command to its end."""
        return await self.processes.run(
            *arguments, folder=self.folder, settings=self.settings()
        )

    async def must(self, *arguments: str) -> str:
        """Run a command that has to be done; what it printed."""
        ran = await self.run(*arguments)
        assert ran.code == 0, (arguments, ran)
        return ran.out

    async def move(self, day: date) -> None:
        """Set the simulated clock to ten o'clock of a day."""
        async with self._database() as database:
            await SqlPauseStore(database).set_simulated_now(ten_on(day))

    async def prepare(self) -> str:
        """Make the database and go live, in one go; a key for the API."""
        (self.folder / "sandbox").symlink_to(self.beside / "sandbox")
        settings = Settings(database_url=self.url, key=SecretStr(_KEY))
        file = Path(__file__).with_name("office.toml")
        offices = read_authorities(file, calendars=calendars())
        async with self._database() as database:
            await database.upgrade()
            await SqlPauseStore(database).set_simulated_now(_LIVE_FROM)
            installation = await build_installation(settings, database)
            by, now = "Director Wang", installation.clock.now()
            await install_rules(installation, [RULE])
            await apply_change(
                AuthoritiesEdit([*offices.values()]),
                installation.change_store,
                installation.clock,
                by=by,
            )
            live = partial(go_live, approved_by=by, by=by)
            await live(OFFICE, [RULE], installation.go_live_deps)
            await SqlPauseStore(database).set_simulated_now(ten_on(FIRST_DAY))
            return await installation.api_key_store.create("register", by, now)

    @property
    def url(self) -> str:
        """The address of its database: a file, unless it is on a server."""
        return self.server_url or f"sqlite:///{self.folder / 'permit-reminders.db'}"

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        database = Database(self.url)
        try:
            yield database
        finally:
            await database.dispose()


def ten_on(day: date) -> datetime:
    """Ten o'clock of a day in the office, in UTC: the instant at which it stands."""
    return datetime.combine(day, time(10), ZONE).astimezone(UTC)


@dataclass(slots=True)
class Carrier:
    """The sandbox: it outlives every process of ours, and can be stopped."""

    beside: Path
    port: int = 0
    _process: Process | None = None

    async def start(self) -> str:
        """Listen, on the port of before if there is one; its address."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.sandbox", "--dir", "sandbox"),
            *("--port", str(self.port)),
            cwd=self.beside,
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        url = str(orjson.loads(await self._process.stdout.readline())["url"])
        self.port = int(url.rpartition(":")[2])
        return url

    async def stop(self) -> None:
        """Listen no more."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        """Connections are refused as long as this lasts."""
        await self.stop()
        try:
            yield
        finally:
            await self.start()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])
