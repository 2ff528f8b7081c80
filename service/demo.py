"""The model's first report, produced: a province's first week, sent to the sandbox.

Monday 29 January to Friday 2 February 2024, on a database marked as simulated. The
only thing made up is the clock: messages go through the Twilio SDK over HTTP, signed
callbacks come back over HTTP, and the report is counted from the ledger.
"""

import asyncio
import csv
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from rich.console import Console

from service.adapters.calendars.holidays import calendars
from service.adapters.choose_provider import carrier
from service.adapters.clock import SimulatedClock
from service.adapters.registers.csv_file import read_csv
from service.adapters.registers.rejects import rejects_file
from service.adapters.rules.files import read_authorities
from service.adapters.store.db.database import Database
from service.app import House, build, prepare
from service.domain.law_change.edits import Offices
from service.domain.reports.period import between, iso_week
from service.flow.law_change.change import change
from service.flow.office.go_live import go_live
from service.flow.permits.import_register import take_in
from service.flow.reports.audit import audit
from service.flow.reports.weekly import counts, report
from service.flow.rows import Register
from service.flow.sending.tick import Pass, tick
from service.settings import load, shipped
from service.web.application import application

WEEK: Final = "2024-W05"
OFFICE: Final = "990000"
ZONE: Final = ZoneInfo("Asia/Shanghai")
LIVE_FROM: Final = datetime(2024, 1, 29, tzinfo=ZONE)
EVENING: Final = 18

INSTANTS: Final = [
    LIVE_FROM + timedelta(days=day, hours=hour)
    for day in range(5)
    for hour in (10, EVENING)
]
"""Monday to Friday: after what fell due in the morning, and in the evening."""

IDLE: Final = 600.0
"""Seconds after which a sandbox that outlived a killed demo ends by itself."""

PATIENCE: Final = 10.0
"""Seconds to wait for a day's first callbacks before going on without them."""

SETTLE: Final = 4.0
"""Seconds: a sandbox next door answers at once, so a killed demo need not wait long."""

_GLANCE: Final = 0.05


async def demo(folder: Path | None, permits: Path | None = None) -> int:
    """Run the week in `folder`, or in one thrown away; 1 if the ledger is wrong.

    In the folder of a demo that was killed, it goes on where that one was. `permits`
    is the register, by default the shipped example.
    """
    console = Console(highlight=False, soft_wrap=True)
    register = permits or shipped("examples") / "permits.csv"
    with _folder(folder) as place:
        async with _opened(place) as house:
            await _prepare(house, register, console)
            await _live_through(house, console)
            wrong = await _tell(house, console)
    _say_what_next(console, folder)
    return 1 if wrong else 0


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with TemporaryDirectory(prefix="permit-reminders-demo-") as thrown_away:
        yield Path(thrown_away)


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[House]:
    settings = load()
    settings = settings.model_copy(
        update={
            "settle": min(settings.settle, SETTLE),
            "database_url": f"sqlite:///{folder / 'permit-reminders.db'}",
            "authority": OFFICE,
            "provider": "sandbox",
        }
    )
    database = Database(settings.database_url)
    try:
        await prepare(settings, database)
        house = await build(settings, database)
        if not isinstance(house.clock, SimulatedClock):
            await house.brakes.simulate(LIVE_FROM)
            house = await build(settings, database)
        yield house
    finally:
        await database.dispose()


async def _prepare(house: House, register: Path, console: Console) -> None:
    """Load the office and its register, and go live: safe to repeat."""
    offices = read_authorities(
        shipped("examples") / "authorities.toml", calendars=calendars()
    )
    office = offices[OFFICE]
    await change(Offices([office]), house.office, house.clock, by="demo")
    law = await house.office.law()
    codes = _types_in(register)
    console.print(f"[bold]{office.name.zh}[/] · {office.name.en}")
    console.print(f"  {len(law.rules)} permit types loaded, {len(codes)} registered")
    with console.status("importing the register …"):
        counts = await _import(house, register)
    told = ", ".join(
        f"{count:,} {outcome}" for outcome, count in sorted(counts.items())
    )
    console.print(f"  {register.name} imported: {told}")
    if codes <= (await house.going_live.store.started(OFFICE)).keys():
        console.print("  live already: going on where the last run was stopped")
    else:
        await go_live(
            OFFICE,
            sorted(codes),
            house.going_live,
            live_from=LIVE_FROM,
            approved_by="demo",
            by="demo",
        )
        console.print(f"  live from {LIVE_FROM:%A %d %B %Y}")


def _types_in(register: Path) -> set[str]:
    with register.open(encoding="utf-8", newline="") as file:
        return {row["rule"] for row in csv.DictReader(file)}


async def _import(house: House, register: Path) -> Counter[str]:
    assert house.database.file is not None  # noqa: S101 - a demo is on SQLite
    rows = read_csv(register, default_authority=OFFICE)
    with rejects_file(house.database.file.with_name("rejects.csv")) as rejects:
        return await take_in(rows, Register("demo"), house.registration, rejects)


async def _live_through(house: House, console: Console) -> None:
    """Move the clock from where it stands to Friday evening."""
    async with _journey(house) as journey:
        for now in INSTANTS:
            if now < house.clock.now():
                continue
            await _move(house, now)
            with console.status(f"{now:%A %d %B, %H:%M} …"):
                await _pass(house, journey)
            if now.hour == EVENING:
                console.print(f"  {now:%a %d %b}  {await _day(house, now.date())}")


async def _day(house: House, day: date) -> str:
    days = between(day, day, ZONE)
    rows = await counts(days, "day", house.clock.now(), [OFFICE], house.counts)
    of_day = rows[0].tally
    return (
        f"{of_day.messages:3} SMS sent, {of_day.delivered:3} delivered, "
        f"{of_day.failed:2} failed, {of_day.pending:2} without a receipt yet"
    )


@asynccontextmanager
async def _journey(house: House) -> AsyncIterator[Pass]:
    """The journey with a sandbox at one end and our webhooks at the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = house.settings.model_copy(update={"public_url": address})
        async with carrier(settings, house.database, idle=IDLE) as provider:
            runner = web.AppRunner(application(house.desk(provider)), access_log=None)
            await runner.setup()
            try:
                await web.SockSite(runner, listener).start()
                yield replace(house, settings=settings).carrying(provider)
            finally:
                await runner.cleanup()


async def _move(house: House, now: datetime) -> None:
    assert isinstance(house.clock, SimulatedClock)  # noqa: S101 - as _opened made it
    await house.brakes.simulate(now)
    house.clock.move_to(now)


async def _pass(house: House, journey: Pass) -> None:
    """Pass until no outcome is unknown, then wait for the first callbacks."""
    done = await tick(journey)
    posted = done.posted
    given_up_at = monotonic() + house.settings.lease + 4 * house.settings.settle
    while done.open and monotonic() < given_up_at:
        await asyncio.sleep(_GLANCE)
        done = await tick(journey)
        posted += done.posted
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE if posted else 0):
            await _called_back(house)


async def _called_back(house: House) -> None:
    while await house.receiving.silent():  # noqa: ASYNC110 - rows, not an event
        await asyncio.sleep(_GLANCE)


async def _tell(house: House, console: Console) -> list[str]:
    law = await house.office.law()
    office = law.authority(OFFICE)
    made = await report(
        iso_week(WEEK, ZONE), office, house.clock.now(), house.office, house.counts
    )
    console.print()
    console.print(house.documents.as_text(made), markup=False)
    with console.status("recomputing the ledger …"):
        wrong = await audit(house.auditing, house.office, house.vault)
    for difference in wrong:
        console.print(difference, style="red", markup=False)
    if not wrong:
        console.print("audit: the ledger adds up")
    return wrong


def _say_what_next(console: Console, folder: Path | None) -> None:
    command = "permit-reminders" if which("permit-reminders") else sys.argv[0]
    console.print()
    if folder is None:
        console.print("That database is gone again. Next, keep one and look around:")
        console.print(f"  {command} demo --dir demo")
        return
    url = f"PERMIT_REMINDERS_DATABASE_URL=sqlite:///{folder}/permit-reminders.db"
    console.print("Next, with this database:")
    console.print(f"  export {url}")
    console.print(f"  {command} report --week {WEEK} --format csv")
    console.print(f"  {command} keys create me && {command} serve")
