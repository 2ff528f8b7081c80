"""The service itself: the web and the ticks; or a single pass."""

import ipaddress
import os
from datetime import datetime

import click
from aiohttp import web
from yarl import URL

from service.adapters.choose_provider import carrier, posting
from service.adapters.clock import SimulatedClock
from service.adapters.garbage import collect_seldom
from service.app import House
from service.cli.installation import in_house, log_of
from service.cli.option_types import Moment
from service.cli.stop_signal import told_to_stop
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.flow.sending.tick import tick as tick_once
from service.ticks import Ticks
from service.web.application import application


@click.command()
@in_house
async def serve(house: House) -> None:
    """Serve the API and the webhooks, and send what falls due."""
    settings = house.settings
    _refuse_real_sms_by_a_simulated_clock(house)
    await _refuse_open_door(house)
    await house.refresh("serve")
    collect_seldom()
    stop = told_to_stop()
    async with (
        carrier(settings, house.database) as provider,
        posting(provider, house.vault, stop.is_set, log_of(settings)) as poster,
    ):
        journey = house.posting(poster)
        ticks = Ticks(lambda: tick_once(journey))
        desk = house.desk(provider, ticks.failing)
        runner = web.AppRunner(application(desk), access_log=None)
        await runner.setup()
        try:
            await listen(runner, settings.host, settings.port)
            for host, port, *_ in runner.addresses:
                url = URL.build(scheme="http", host=host, port=port)
                click.echo(f"listening on {url}", err=True)
            async with ticks.ringing(settings.tick):
                await stop.wait()
        finally:
            await runner.cleanup()


@click.command()
@click.option("--now", type=Moment(), help="Only on a simulated database.")
@in_house
async def tick(house: House, now: datetime | None) -> None:
    """One full pass: expand, settle, send, ask after receipts."""
    _refuse_real_sms_by_a_simulated_clock(house)
    if now is not None:
        await _move_clock(house, now)
    await house.refresh("tick")
    stop = told_to_stop()
    async with carrier(house.settings, house.database) as provider:
        done = await tick_once(house.carrying(provider, stop.is_set))
    click.echo(
        f"{done.born} reminders born, {done.posted} messages posted, "
        f"{done.moved} receipts, {done.open} outcomes unknown"
    )
    for pause in await house.brakes.paused():
        click.echo(f"paused {pause.scope} since {pause.since}: {pause.reason}")


async def listen(runner: web.AppRunner, host: str, port: int) -> None:
    """Listen; raises `SetUpError` where the port is taken."""
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise SetUpError(
            f"{host}:{port}: {reason}; "
            "set PERMIT_REMINDERS_HOST or PERMIT_REMINDERS_PORT to another"
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
            f"PERMIT_REMINDERS_HOST: {host} is not a loopback address and there is no "
            "API key; run `permit-reminders keys create NAME` first"
        )


def _refuse_real_sms_by_a_simulated_clock(house: House) -> None:
    if isinstance(house.clock, SimulatedClock) and house.settings.provider != "sandbox":
        raise SetUpError(
            "PERMIT_REMINDERS_PROVIDER: this database is simulated, so only the "
            "sandbox sends from it; unset it, or choose another database"
        )


async def _move_clock(house: House, now: datetime) -> None:
    if not isinstance(house.clock, SimulatedClock):
        raise SetUpError("--now: this database is not simulated; leave --now out")
    await house.brakes.simulate(now)
    house.clock.move_to(now)
