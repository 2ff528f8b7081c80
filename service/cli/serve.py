"""The service itself: the web and the ticks; or a single pass."""

import asyncio
import ipaddress
import signal
from datetime import datetime

import click
from aiohttp import web

from service.adapters.carrier import carrier
from service.adapters.clock import SimulatedClock
from service.app import House
from service.cli.opened import in_house
from service.cli.types import Moment
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.flow.tick import tick as tick_once
from service.ticks import ticking
from service.web.application import application


@click.command()
@in_house
async def serve(house: House) -> None:
    """Serve the API and the webhooks, and send what falls due."""
    settings = house.settings
    await _refuse_open_door(house)
    async with carrier(settings, house.database) as provider:
        journey = house.carrying(provider)
        runner = web.AppRunner(application(house.desk(provider)), access_log=None)
        await runner.setup()
        try:
            await listen(runner, settings.host, settings.port)
            for address in runner.addresses:
                click.echo(f"listening on http://{address[0]}:{address[1]}", err=True)
            async with ticking(lambda: tick_once(journey), settings.tick):
                await _told_to_stop()
        finally:
            await runner.cleanup()


@click.command()
@click.option("--now", type=Moment(), help="Only on a simulated database.")
@in_house
async def tick(house: House, now: datetime | None) -> None:
    """One full pass: expand, settle, send, ask after receipts."""
    if now is not None:
        await _move_clock(house, now)
    async with carrier(house.settings, house.database) as provider:
        done = await tick_once(house.carrying(provider))
    click.echo(
        f"{done.born} reminders born, {done.posted} messages sent, "
        f"{done.moved} receipts, {done.open} outcomes unknown"
    )


async def listen(runner: web.AppRunner, host: str, port: int) -> None:
    """Listen; raises `SetUpError` where the port is taken."""
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise SetUpError(
            f"{host}:{port}: {error.strerror or error}; "
            "set PERMIT_REMINDERS_HOST or PERMIT_REMINDERS_PORT"
        ) from None


async def _refuse_open_door(house: House) -> None:
    host = house.settings.host
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        expected = "an IP address or localhost"
        mistake = Mistake("PERMIT_REMINDERS_HOST", repr(host), expected)
        raise InvalidError("settings", [mistake]) from None
    if not local and not any(key.revoked_at is None for key in await house.keys.all()):
        raise SetUpError(
            f"{host}: not a loopback address and there is no API key; run "
            "`permit-reminders keys create NAME` first"
        )


async def _move_clock(house: House, now: datetime) -> None:
    if not isinstance(house.clock, SimulatedClock):
        raise SetUpError("--now: this database is not simulated; leave --now out")
    if house.settings.provider != "sandbox":
        raise SetUpError("--now: only with the sandbox; unset PROVIDER")
    await house.brakes.simulate(now)
    house.clock.move_to(now)


async def _told_to_stop() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
