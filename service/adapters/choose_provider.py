"""Choosing who carries SMS by the settings: Twilio, an outbox, a sandbox of our own."""

import os
from collections.abc import AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from pathlib import Path

from service.adapters.clock import SystemClock
from service.adapters.sandbox_process import run_sandbox
from service.adapters.sms_platform.format.file import load_format
from service.adapters.sms_platform.open_platform import PlatformDeps, open_platform
from service.adapters.store.db.database import Database
from service.adapters.twilio.provider import TwilioConfig, open_twilio
from service.domain.errors import SetUpError
from service.flow.sending.provider import Provider
from service.settings import Settings

SANDBOX_NUMBER = "+15005550006"
"""Twilio's own test number that may always send."""


@asynccontextmanager
async def open_provider(
    settings: Settings, database: Database, *, idle: float = 0
) -> AsyncIterator[Provider]:
    """Who carries SMS by these settings: Twilio, an outbox, a sandbox of our own."""
    async with AsyncExitStack() as stack:
        if settings.provider == "outbox":
            yield await stack.enter_async_context(
                _open_sms_platform(settings, database)
            )
            return
        if settings.provider == "twilio":
            sender = _twilio_config(settings)
        else:
            folder = (database.file or Path("permit-reminders")).parent / "sandbox"
            address = await stack.enter_async_context(run_sandbox(folder, idle))
            sender = TwilioConfig(
                name="sandbox",
                account_sid=address.account_sid,
                auth_token=address.auth_token,
                user=address.account_sid,
                secret=address.auth_token,
                messaging_service_sid=None,
                from_=SANDBOX_NUMBER,
                api_url=address.url,
                public_url=settings.public_url,
                timeout=settings.post_timeout,
            )
        yield await stack.enter_async_context(open_twilio(sender))


def _open_sms_platform(
    settings: Settings, database: Database
) -> AbstractAsyncContextManager[Provider]:
    """By its format file, with its spool beside the database and in real time."""
    assert settings.outbox is not None  # noqa: S101 - the settings see to it
    beside = database.file or Path("permit-reminders")
    place = PlatformDeps(
        spool=beside.with_name(f"{beside.name}.outbox"),
        clock=SystemClock(),
        timeout=settings.post_timeout,
        proxy=settings.proxy,
        environ=os.environ,
    )
    return open_platform(load_format(settings.outbox), place)


def _twilio_config(settings: Settings) -> TwilioConfig:
    given = settings.twilio
    if not (given.account_sid and given.auth_token):
        raise SetUpError("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: set both")
    if bool(given.messaging_service_sid) == bool(given.from_):
        raise SetUpError("TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM: set one")
    if bool(given.api_key) != bool(given.api_secret):
        raise SetUpError("TWILIO_API_KEY and TWILIO_API_SECRET: set both or none")
    secret = given.api_secret or given.auth_token
    shared = given.webhook_secret
    return TwilioConfig(
        name="twilio",
        account_sid=given.account_sid,
        auth_token=given.auth_token.get_secret_value(),
        user=given.api_key or given.account_sid,
        secret=secret.get_secret_value(),
        messaging_service_sid=given.messaging_service_sid,
        from_=given.from_,
        api_url=given.api_url,
        public_url=settings.public_url,
        timeout=settings.post_timeout,
        proxy=settings.proxy,
        webhook_secret=shared.get_secret_value() if shared else None,
    )
