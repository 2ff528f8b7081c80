"""Runs the first week of a fictional province, and prints its weekly report.

The week is Monday 29 January to Friday 2 February 2024, on a database marked as
simulated. Only the clock is simulated: messages go through the Twilio SDK over HTTP to
the sandbox, signed callbacks come back over HTTP, and the report is counted from the
ledger.
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
from service.adapters.choose_provider import open_provider
from service.adapters.clock import SimulatedClock
from service.adapters.registers.import_file import describe_file
from service.adapters.registers.mapping import IDENTITY_MAPPING
from service.adapters.registers.register_file import read_register
from service.adapters.registers.reject_report import open_reject_report
from service.adapters.rules.files import read_authorities
from service.adapters.store.db.database import Database
from service.app import Installation, build_installation
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.reports.period import parse_iso_week, period_between
from service.flow.law_change.change import apply_change
from service.flow.office.go_live import go_live
from service.flow.permits.import_record import ImportMode, ImportState
from service.flow.permits.import_register import ImportResult, import_register
from service.flow.permits.import_run import begin_import
from service.flow.permits.register import RegisterSource
from service.flow.reports.audit import audit_ledger
from service.flow.reports.weekly import list_counts, make_report
from service.flow.sending.tick import TickDeps, tick
from service.settings import load_settings, shipped_folder
from service.upgrade import prepare
from service.web.application import application

WEEK: Final = "2024-W05"
OFFICE: Final = "990000"
ZONE: Final = ZoneInfo("Asia/Shanghai")
LIVE_FROM: Final = datetime(2024, 1, 29, tzinfo=ZONE)
EVENING_HOUR: Final = 18

TICK_INSTANTS: Final = [
    LIVE_FROM + timedelta(days=day, hours=hour)
    for day in range(5)
    for hour in (10, EVENING_HOUR)
]
"""Monday to Friday: after what fell due in the morning, and in the evening."""

CALLBACK_TIMEOUT: Final = 10.0
"""Seconds to wait for a day's first callbacks before going on without them."""

SETTLE: Final = 4.0
"""Settling delay in seconds: the sandbox answers at once, so it can be short."""

_POLL_INTERVAL: Final = 0.05


async def run_demo(folder: Path | None, permits: Path | None = None) -> int:
    """Run the week in a folder, by default a temporary one; 1 if the ledger is wrong.

    In the folder of a killed demo it continues where that one stopped. `permits` is
    the register, by default the shipped example.
    """
    console = Console(highlight=False, soft_wrap=True)
    register = permits or shipped_folder("examples") / "permits.csv"
    with _folder(folder) as place:
        async with _open_installation(place) as installation:
            await _load_data(installation, register, console)
            await _run_week(installation, console)
            wrong = await _print_report(installation, console)
    _print_next_steps(console, folder)
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
async def _open_installation(folder: Path) -> AsyncIterator[Installation]:
    settings = load_settings()
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
        installation = await build_installation(settings, database)
        if not isinstance(installation.clock, SimulatedClock):
            await installation.pause_store.set_simulated_now(LIVE_FROM)
            installation = await build_installation(settings, database)
        yield installation
    finally:
        await database.dispose()


async def _load_data(
    installation: Installation, register: Path, console: Console
) -> None:
    """Load the office and its register, and go live: safe to repeat."""
    offices = read_authorities(
        shipped_folder("examples") / "authorities.toml", calendars=calendars()
    )
    office = offices[OFFICE]
    await apply_change(
        AuthoritiesEdit([office]),
        installation.change_store,
        installation.clock,
        by="demo",
    )
    law = await installation.law_store.current_law()
    codes = _rule_codes_in(register)
    console.print(f"[bold]{office.name.zh}[/] · {office.name.en}")
    console.print(f"  {len(law.rules)} permit types loaded, {len(codes)} registered")
    with console.status("importing the register …"):
        counts = await _import_register(installation, register)
    told = ", ".join(
        f"{count:,} {outcome}" for outcome, count in sorted(counts.items())
    )
    console.print(f"  {register.name} imported: {told}")
    if codes <= (await installation.go_live_deps.store.started_types(OFFICE)).keys():
        console.print("  live already: going on where the last run was stopped")
    else:
        await go_live(
            OFFICE,
            sorted(codes),
            installation.go_live_deps,
            live_from=LIVE_FROM,
            approved_by="demo",
            by="demo",
        )
        console.print(f"  live from {LIVE_FROM:%A %d %B %Y}")


def _rule_codes_in(register: Path) -> set[str]:
    with register.open(encoding="utf-8", newline="") as file:
        return {row["rule"] for row in csv.DictReader(file)}


async def _import_register(installation: Installation, register: Path) -> Counter[str]:
    assert installation.database.file is not None  # noqa: S101 - a demo is on SQLite
    rows = read_register(register, default_authority=OFFICE)
    source, result = RegisterSource("demo"), ImportResult()
    path = installation.database.file.with_name("rejects.csv")
    deps = installation.import_deps
    file = describe_file(register, source.name, ImportMode.UPSERT)
    run = await begin_import(file, rows.count, deps, by="demo")
    with open_reject_report(path, rows, IDENTITY_MAPPING, {}) as rejects:
        await import_register(rows, source, deps, rejects, result, run=run)
    await run.end(ImportState.DONE, result.outcomes, result.unknown_types)
    return result.outcomes


async def _run_week(installation: Installation, console: Console) -> None:
    """Move the clock from where it stands to Friday evening."""
    async with _open_tick_deps(installation) as journey:
        for now in TICK_INSTANTS:
            if now < installation.clock.now():
                continue
            await _move_clock(installation, now)
            with console.status(f"{now:%A %d %B, %H:%M} …"):
                await _tick_until_settled(installation, journey)
            if now.hour == EVENING_HOUR:
                console.print(
                    f"  {now:%a %d %b}  {await _describe_day(installation, now.date())}"
                )


async def _describe_day(installation: Installation, day: date) -> str:
    days = period_between(day, day, ZONE)
    rows = await list_counts(
        days, "day", installation.clock.now(), [OFFICE], installation.count_store
    )
    of_day = rows[0].tally
    return (
        f"{of_day.messages:3} SMS sent, {of_day.delivered:3} delivered, "
        f"{of_day.failed:2} failed, {of_day.pending:2} without a receipt yet"
    )


@asynccontextmanager
async def _open_tick_deps(installation: Installation) -> AsyncIterator[TickDeps]:
    """The journey with a sandbox at one end and our webhooks at the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = installation.settings.model_copy(update={"public_url": address})
        async with open_provider(settings, installation.database) as provider:
            runner = web.AppRunner(application(installation, provider), access_log=None)
            await runner.setup()
            try:
                await web.SockSite(runner, listener).start()
                yield replace(installation, settings=settings).tick_deps(provider)
            finally:
                await runner.cleanup()


async def _move_clock(installation: Installation, now: datetime) -> None:
    assert isinstance(installation.clock, SimulatedClock)  # noqa: S101 - as _opened made it
    await installation.pause_store.set_simulated_now(now)
    installation.clock.move_to(now)


async def _tick_until_settled(installation: Installation, journey: TickDeps) -> None:
    """Pass until no outcome is unknown, then wait for the first callbacks."""
    done = await tick(journey)
    posted = done.posted
    given_up_at = (
        monotonic() + installation.settings.lease + 4 * installation.settings.settle
    )
    while done.open_outcomes and monotonic() < given_up_at:
        await asyncio.sleep(_POLL_INTERVAL)
        done = await tick(journey)
        posted += done.posted
    with suppress(TimeoutError):
        async with asyncio.timeout(CALLBACK_TIMEOUT if posted else 0):
            await _wait_for_receipts(installation)


async def _wait_for_receipts(installation: Installation) -> None:
    while await installation.receive_store.count_without_receipt():  # noqa: ASYNC110 - rows, not an event
        await asyncio.sleep(_POLL_INTERVAL)


async def _print_report(installation: Installation, console: Console) -> list[str]:
    law = await installation.law_store.current_law()
    office = law.authority(OFFICE)
    made = await make_report(
        parse_iso_week(WEEK, ZONE),
        office,
        installation.law_store,
        installation.count_store,
        installation.clock,
    )
    console.print()
    console.print(installation.report_formatter.as_text(made), markup=False)
    with console.status("recomputing the ledger …"):
        wrong = await audit_ledger(
            installation.audit_store, installation.law_store, installation.vault
        )
    for difference in wrong:
        console.print(difference, style="red", markup=False)
    if not wrong:
        console.print("audit: the ledger adds up")
    return wrong


def _print_next_steps(console: Console, folder: Path | None) -> None:
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
