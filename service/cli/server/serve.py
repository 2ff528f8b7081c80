"""The service itself: requests and ticks; or a single tick."""

import ipaddress
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import click

from service.adapters.choose_provider import open_provider
from service.adapters.clock import SimulatedClock
from service.adapters.drop_folders.watch import RegisterWatch
from service.adapters.stoppable_provider import StoppableProvider
from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import Instant
from service.cli.server.garbage import spare_loaded
from service.cli.stop_signal import StopRequest, stoppable
from service.domain.errors import InvalidError, Mistake, SetUpError, StorageError
from service.flow.reports.outlook import describe_outlook
from service.flow.sending.provider import Provider
from service.flow.sending.tick import TickDeps
from service.flow.sending.tick import tick as tick_once
from service.settings import Settings
from service.ticks import TickScheduler
from service.upgrade import refresh_holidays
from service.web.application import application, worker_application
from service.web.listener import listening

_ROUNDS_SHARE: Final = 0.9
"""Of the time between two ticks: for so long no other worker makes the rounds."""


@click.command()
@click.option(
    "--only",
    type=click.Choice(["api", "worker"]),
    help="Serve one part: api answers requests and webhooks, worker sends.",
)
@stoppable
@with_installation
async def serve(
    installation: Installation, stop: StopRequest, only: str | None
) -> None:
    """Serve the API and the webhooks, and send what falls due.

    To send faster, start more workers with --only worker on the same database. Each
    process listens on its own PERMIT_REMINDERS_PORT; with 0 the system chooses one.
    """
    settings = installation.settings
    refuse_real_sms_when_simulated(installation)
    await _refuse_public_host_without_key(installation)
    await refresh_holidays(installation, "serve")
    if stop.is_set():
        return
    async with open_provider(settings, installation.database) as provider:
        rounds = installation.rounds_store(_ROUNDS_SHARE * settings.tick)
        deps = replace(_tick_deps(installation, provider, stop), rounds_store=rounds)
        ticks = TickScheduler(
            partial(tick_once, deps),
            partial(describe_outlook, installation.outlook_deps),
        )
        services = replace(
            installation, last_failure=ticks.last_failure, sends=only != "api"
        )
        app = (
            worker_application(services)
            if only == "worker"
            else application(services, provider)
        )
        if only != "worker":
            await installation.uploads.recover()
        spare_loaded()
        async with (
            installation.uploads.swept_daily(),
            listening(app, settings.host, settings.port) as urls,
        ):
            for url in urls:
                click.echo(f"listening on {url}", err=True)
            if only == "api":
                await stop.wait()
            else:
                async with _watch_registers(settings), ticks.run_every(settings.tick):
                    await stop.wait()
                with suppress(StorageError):
                    await rounds.give_up()


@click.command()
@click.option("--now", type=Instant(), help="Only on a simulated database.")
@stoppable
@with_installation
async def tick(
    installation: Installation, stop: StopRequest, now: datetime | None
) -> None:
    """One full pass: expand, settle, send, ask after receipts."""
    refuse_real_sms_when_simulated(installation)
    if now is not None:
        await _move_clock(installation, now)
    await refresh_holidays(installation, "tick")
    await installation.uploads.sweep()
    if stop.is_set():
        return
    async with open_provider(installation.settings, installation.database) as provider:
        done = await tick_once(_tick_deps(installation, provider, stop))
    click.echo(
        f"{done.created} reminders created, {done.posted} messages posted, "
        f"{done.moved} receipts, {done.open_outcomes} outcomes unknown"
    )
    click.echo(await describe_outlook(installation.outlook_deps))
    if done.shortfall is not None:
        click.echo(done.shortfall, err=True)
    for pause in await installation.pause_store.list_pauses():
        click.echo(f"paused {pause.scope} since {pause.since}: {pause.reason}")
    for part, problem in (await installation.health.problems()).items():
        if part.startswith("provider "):
            click.echo(f"{part} is out: {problem}")


def _watch_registers(settings: Settings) -> AbstractAsyncContextManager[None]:
    """Load what offices drop into the folder of registers, if there is one."""
    if settings.registers is None:
        return nullcontext()
    return RegisterWatch(settings.registers, settings.tick).run()


def _tick_deps(
    installation: Installation, provider: Provider, stop: StopRequest
) -> TickDeps:
    """The ports of a tick that ends early when the process has to stop."""
    return installation.tick_deps(StoppableProvider(provider, stop.wait), stop.is_set)


async def _refuse_public_host_without_key(installation: Installation) -> None:
    host = installation.settings.host
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        expected = "an IP address or localhost"
        mistake = Mistake("PERMIT_REMINDERS_HOST", repr(host), expected)
        raise InvalidError("settings", [mistake]) from None
    if not local and not any(
        key.revoked_at is None for key in await installation.api_key_store.list_keys()
    ):
        raise SetUpError(
            f"PERMIT_REMINDERS_HOST: {host} is not a loopback address and there is no "
            "API key; run `permit-reminders keys create NAME` first"
        )


def refuse_real_sms_when_simulated(installation: Installation) -> None:
    """Raise `SetUpError` if a simulated database would text real phones."""
    if (
        isinstance(installation.clock, SimulatedClock)
        and installation.settings.provider != "sandbox"
    ):
        raise SetUpError(
            "PERMIT_REMINDERS_PROVIDER: this database is simulated, so only the "
            "sandbox sends from it; unset it, or choose another database"
        )


async def _move_clock(installation: Installation, now: datetime) -> None:
    if not isinstance(installation.clock, SimulatedClock):
        raise SetUpError("--now: this database is not simulated; leave --now out")
    await installation.pause_store.set_simulated_now(now)
    installation.clock.move_to(now)
