"""An office on a cluster: its permits, its processes, and what its ledger says."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities
from service.adapters.store.db.database import Database
from service.adapters.store.sending.pauses import SqlPauseStore
from service.app import Installation, build_installation
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.permits.permit import Permit
from service.flow.law_change.change import apply_change
from service.flow.office.go_live import go_live
from service.flow.permits.register import RegisterSource, register
from service.settings import Settings
from tests.chaos.failover.cluster import Cluster
from tests.chaos.office import OFFICE, ZONE, free_port, ten_on
from tests.chaos.processes import Processes, Running, signal_all
from tests.chaos.register import RULE, phone
from tests.some_rules import install_rules

SETTLE: Final = 2.0
KEY: Final = "1:" + "A" * 43 + "="

_LIVE_FROM: Final = datetime(2024, 1, 1, tzinfo=ZONE)
FIRST_EXPIRY: Final = date(2024, 9, 1)
"""Its first step falls due in the spring, on its own day for most dates."""

_OPEN: Final = (
    "SELECT count(*) FROM reminders WHERE state IN ('sending', 'uncertain') "
    "OR state IN ('due', 'retrying') AND next_at <= '{now}'"
)
_UNEXPANDED: Final = (
    "SELECT count(*) FROM slots WHERE expanded_at IS NULL AND due_at <= '{now}'"
)
_UNTRUSTED: Final = (
    "SELECT count(*) FROM (SELECT is_trusted FROM servers ORDER BY id DESC LIMIT 1) s "
    "WHERE NOT is_trusted"
)


@dataclass(slots=True)
class ClusterOffice:
    """One installation on a cluster, in a folder; each permit has its own phone.

    `due_on` has the day on which the first step of an expiry date falls due.
    """

    folder: Path
    cluster: Cluster
    processes: Processes
    day: date = date(2024, 1, 1)
    permits: list[Permit] = field(default_factory=list)
    due_on: dict[date, date] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    begun: int = 0

    def new_permit(self, expires_on: date) -> Permit:
        """One more permit of the office."""
        number = len(self.permits)
        permit = Permit(
            authority=OFFICE,
            rule=RULE,
            number=f"24{number:010}",
            holder=f"检测{number:06}公司",
            expires_on=expires_on,
            phones=(_sound_phone(number),),
        )
        self.permits.append(permit)
        return permit

    async def prepare(self, dates: int, each: int) -> list[date]:
        """Go live with some permits on each date; the days on which a step is due."""
        async with self._database() as database:
            await database.upgrade()
            await SqlPauseStore(database).set_simulated_now(_LIVE_FROM)
            installation = await self._build(database)
            by, file = "Director Wang", Path(__file__).with_name("office.toml")
            await install_rules(installation, [RULE])
            offices = read_authorities(file, calendars=calendars())
            edit = AuthoritiesEdit([*offices.values()])
            store, clock = installation.change_store, installation.clock
            await apply_change(edit, store, clock, by=by)
            live = partial(go_live, approved_by=by, by=by)
            await live(OFFICE, [RULE], installation.go_live_deps)
            permits = [
                self.new_permit(FIRST_EXPIRY + timedelta(days=day))
                for day in range(dates)
                for _ in range(each)
            ]
            await _register(installation, permits)
        due = "SELECT expires_on, min(due_at) FROM slots GROUP BY expires_on"
        for expires_on, at in self.cluster.primary.query(due):
            self.due_on[expires_on] = at.astimezone(ZONE).date()
        return sorted({*self.due_on.values()})

    def due_permits(self) -> list[Permit]:
        """The permits that a text was due for by now."""
        return [
            one
            for one in self.permits
            if one.expires_on and self.due_on[one.expires_on] <= self.day
        ]

    async def register(self, permits: list[Permit]) -> None:
        """Register permits, as an import does."""
        async with self._database() as database:
            await _register(await self._build(database), permits)

    async def move(self, day: date) -> None:
        """Let it be ten o'clock of a day for the processes that begin from now on."""
        self.day = day
        async with self._database() as database:
            await SqlPauseStore(database).set_simulated_now(ten_on(day))

    async def begin(self) -> None:
        """Start an API with a worker, and another worker."""
        for only in ((), ("--only", "worker")):
            self.begun += 1
            log = self.folder / f"serve-{self.begun:04}.log"
            settings = self.settings()
            settings["PERMIT_REMINDERS_PORT"] = str(0 if only else self.port)
            self.running.append(
                await self.processes.start(
                    *("serve", *only), folder=self.folder, settings=settings, log=log
                )
            )

    async def end(self, number: signal.Signals) -> None:
        """Send a signal to all processes, and wait for their end."""
        for one in self.running:
            signal_all(one, number)
        for one in self.running:
            await one.wait()
        self.running.clear()

    async def audit(self) -> list[str]:
        """What the service itself finds wrong."""
        ran = await self.processes.run(
            "audit", folder=self.folder, settings=self.settings()
        )
        return [
            f"audit: {line}" for line in (ran.out + ran.err).splitlines()
        ] * ran.code

    def settings(self) -> dict[str, str]:
        """For its processes."""
        return {
            "PERMIT_REMINDERS_DATABASE_URL": self.cluster.url,
            "PERMIT_REMINDERS_KEY": KEY,
            "PERMIT_REMINDERS_AUTHORITY": OFFICE,
            "PERMIT_REMINDERS_SETTLE": str(SETTLE),
            "PERMIT_REMINDERS_TICK": "0.5",
            "PERMIT_REMINDERS_LOG_LEVEL": "info",
            "PERMIT_REMINDERS_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }

    def is_quiet(self) -> bool:
        """Whether nothing is open that could go on now."""
        now = f"{ten_on(self.day).astimezone(UTC):%Y-%m-%d %H:%M:%S}+00"
        primary = self.cluster.primary
        counts = (_UNTRUSTED, _UNEXPANDED.format(now=now), _OPEN.format(now=now))
        return all(primary.query(one) == [(0,)] for one in counts)

    async def _build(self, database: Database) -> Installation:
        settings = Settings(database_url=self.cluster.url, key=KEY)
        return await build_installation(settings, database)

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        database = Database(self.cluster.url)
        try:
            yield database
        finally:
            await database.dispose()


def _sound_phone(number: int) -> str:
    """A phone whose texts arrive: those that end in 90 to 99 may not."""
    hundreds, rest = divmod(number, 90)
    return phone(100 * hundreds + rest)


async def _register(installation: Installation, permits: list[Permit]) -> None:
    source, deps = RegisterSource("office"), installation.register_deps
    for outcome in await register(permits, source, deps, skip_idle=False):
        assert isinstance(outcome, str), outcome
