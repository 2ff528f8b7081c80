"""Opening the outbox of a format: its files, or its way to the platform."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from service.adapters.http.proxy import proxy_for
from service.adapters.sms_platform.files.folder import Folder
from service.adapters.sms_platform.files.provider import Files
from service.adapters.sms_platform.files.sheets import refuse_without_library
from service.adapters.sms_platform.files.spool import Spool
from service.adapters.sms_platform.format.model import FileFormat, Format, HttpFormat
from service.adapters.sms_platform.http.provider import Http
from service.adapters.sms_platform.results.webhook import Webhook
from service.domain.errors import SetUpError
from service.domain.formats.raw import CONTROLS
from service.flow.ports import Clock, Provider


@dataclass(frozen=True, slots=True)
class Place:
    """Where an outbox works: the file of its spool, its clock, its way out.

    `timeout` is in seconds for one message; `environ` has the secrets.
    """

    spool: Path
    clock: Clock
    timeout: float
    proxy: str | None
    environ: Mapping[str, str]


@asynccontextmanager
async def outbox(found: Format, at: Place) -> AsyncIterator[Provider]:
    """A provider by a format; raises `SetUpError` where it could not work.

    What a killed process had spooled is handed over first.
    """
    secrets = secrets_of(found, at.environ)
    webhook = Webhook(found.results, secrets, our_ids=found.our_ids)
    if isinstance(found.sends, FileFormat):
        async with _files(found.sends, webhook, at) as files:
            yield files
    else:
        async with _http(found.sends, webhook, secrets, at) as http:
            yield http


def secrets_of(found: Format, environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets a format names; raises `SetUpError` where one is not set."""
    missing = [one for one in found.variables if not environ.get(one)]
    if missing:
        names = ", ".join(missing)
        raise SetUpError(f"{names}: set what {found.where} takes from there")
    secrets = {one: environ[one] for one in found.variables}
    for name, secret in secrets.items():
        if CONTROLS.search(secret):
            raise SetUpError(f"{name}: it has a line end or the like; set it without")
    return secrets


@asynccontextmanager
async def _files(to: FileFormat, webhook: Webhook, at: Place) -> AsyncIterator[Files]:
    refuse_without_library(to)
    folder = Folder(to.folder)
    with ThreadPoolExecutor(1, "outbox") as thread:
        spool = thread.submit(_spool, at).result()
        try:
            files = Files(
                to=to,
                folder=folder,
                spool=spool,
                thread=thread,
                clock=at.clock,
                timeout=at.timeout,
                webhook=webhook,
            )
            await files.hand_over()
            yield files
        finally:
            thread.submit(spool.close).result()


@asynccontextmanager
async def _http(
    to: HttpFormat, webhook: Webhook, secrets: Mapping[str, str], at: Place
) -> AsyncIterator[Http]:
    _refuse_left_behind(at)
    proxy = proxy_for(to.url, at.proxy)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Http(
            to=to,
            session=session,
            proxy=proxy,
            secrets=secrets,
            clock=at.clock,
            timeout=at.timeout,
            webhook=webhook,
        )


def _refuse_left_behind(at: Place) -> None:
    """What a format of files accepted would otherwise wait for ever."""
    if not at.spool.exists():
        return
    spool = _spool(at)
    try:
        left = spool.waiting + len(spool.unplaced())
    finally:
        spool.close()
    if left:
        raise SetUpError(
            f"{at.spool}: messages wait in it for a file; run permit-reminders tick "
            "once with the former PERMIT_REMINDERS_OUTBOX"
        )


def _spool(at: Place) -> Spool:
    try:
        return Spool(at.spool, at.timeout)
    except (OSError, sqlite3.Error) as error:
        reason = "it and its folder must be writable, and it a spool of ours"
        raise SetUpError(f"{at.spool}: {error}; {reason}") from error
