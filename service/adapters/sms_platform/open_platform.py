"""Opens the provider of a platform format: by files or by HTTP."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from service.adapters.http.proxy import proxy_for
from service.adapters.sms_platform.files.folder import HandOverFolder
from service.adapters.sms_platform.files.provider import FileProvider
from service.adapters.sms_platform.files.spool import Spool
from service.adapters.sms_platform.format.model import (
    FileFormat,
    HttpFormat,
    PlatformFormat,
)
from service.adapters.sms_platform.http.provider import HttpProvider
from service.adapters.sms_platform.results.webhook import ResultsWebhook
from service.domain.errors import SetUpError
from service.domain.untrusted.text import CONTROL_CHARACTERS
from service.flow.ports import Clock
from service.flow.sending.provider import Provider


@dataclass(frozen=True, slots=True)
class PlatformDeps:
    """What a platform's provider needs from its process.

    `spool` is the spool's file, `timeout` in seconds for one message, and `environ`
    holds the secrets.
    """

    spool: Path
    clock: Clock
    timeout: float
    proxy: str | None
    environ: Mapping[str, str]


@asynccontextmanager
async def open_platform(
    platform_format: PlatformFormat, deps: PlatformDeps
) -> AsyncIterator[Provider]:
    """Open the provider of a format; raises `SetUpError` if it cannot work.

    First hands over messages that a killed process left in the spool.
    """
    secrets = read_secrets(platform_format, deps.environ)
    webhook = ResultsWebhook(
        platform_format.results, secrets, uses_our_ids=platform_format.uses_our_ids
    )
    if isinstance(platform_format.outgoing, FileFormat):
        async with _open_files(platform_format.outgoing, webhook, deps) as files:
            yield files
    else:
        async with _open_http(platform_format.outgoing, webhook, secrets, deps) as http:
            yield http


def read_secrets(
    platform_format: PlatformFormat, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the secrets a format names; raises `SetUpError` if one is not set."""
    missing = [one for one in platform_format.secret_variables if not environ.get(one)]
    if missing:
        names = ", ".join(missing)
        raise SetUpError(f"{names}: set what {platform_format.path} takes from there")
    secrets = {one: environ[one] for one in platform_format.secret_variables}
    for name, secret in secrets.items():
        if CONTROL_CHARACTERS.search(secret):
            raise SetUpError(f"{name}: it has a line end or the like; set it without")
    return secrets


@asynccontextmanager
async def _open_files(
    to: FileFormat, webhook: ResultsWebhook, deps: PlatformDeps
) -> AsyncIterator[FileProvider]:
    folder = HandOverFolder(to.folder)
    with ThreadPoolExecutor(1, "outbox") as thread:
        spool = thread.submit(_open_spool, deps).result()
        try:
            files = FileProvider(
                file_format=to,
                folder=folder,
                spool=spool,
                executor=thread,
                clock=deps.clock,
                timeout=deps.timeout,
                webhook=webhook,
            )
            await files.flush()
            yield files
        finally:
            thread.submit(spool.close).result()


@asynccontextmanager
async def _open_http(
    to: HttpFormat,
    webhook: ResultsWebhook,
    secrets: Mapping[str, str],
    deps: PlatformDeps,
) -> AsyncIterator[HttpProvider]:
    _refuse_unsent_spool(deps)
    proxy = proxy_for(to.url, deps.proxy)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield HttpProvider(
            http_format=to,
            session=session,
            proxy=proxy,
            secrets=secrets,
            clock=deps.clock,
            timeout=deps.timeout,
            webhook=webhook,
        )


def _refuse_unsent_spool(deps: PlatformDeps) -> None:
    """Refuse to start: messages in a spool of files would never be handed over."""
    if not deps.spool.exists():
        return
    spool = _open_spool(deps)
    try:
        waiting = spool.waiting_count + len(spool.unplaced_files())
    finally:
        spool.close()
    if waiting:
        raise SetUpError(
            f"{deps.spool}: messages wait in it for a file; run permit-reminders tick "
            "once with the former PERMIT_REMINDERS_OUTBOX"
        )


def _open_spool(deps: PlatformDeps) -> Spool:
    try:
        return Spool(deps.spool, deps.timeout)
    except (OSError, sqlite3.Error) as error:
        reason = "it and its folder must be writable, and it a spool of ours"
        raise SetUpError(f"{deps.spool}: {error}; {reason}") from error
