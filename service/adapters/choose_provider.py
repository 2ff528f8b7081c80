"""Chooses the provider by the settings: Twilio, an SMS platform or the sandbox."""

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
"""Twilio's magic number that is always a valid sender."""


@asynccontextmanager
async def open_provider(
    settings: Settings, database: Database
) -> AsyncIterator[Provider]:
    """Open the provider of these settings; raises `SetUpError` for a refused one."""
    refuse_unsafe_provider(settings)
    async with AsyncExitStack() as stack:
        if settings.provider == "outbox":
            yield await stack.enter_async_context(
                _open_sms_platform(settings, database)
            )
            return
        if settings.provider == "twilio":
            config = twilio_config(settings)
        else:
            folder = (database.file or Path("permit-reminders")).parent / "sandbox"
            address = await stack.enter_async_context(run_sandbox(folder))
            config = TwilioConfig(
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
        yield await stack.enter_async_context(open_twilio(config))


def refuse_unsafe_provider(settings: Settings) -> None:
    """Raise `SetUpError` for an SMS platform on PostgreSQL, where workers are many.

    What it was handed is in a file beside one of them: another would take a text that
    is not in its own for one that was never sent.
    """
    if settings.provider == "outbox" and settings.database_file is None:
        raise SetUpError(
            "PERMIT_REMINDERS_PROVIDER: outbox sends from an SQLite database only; the "
            "list of what it handed over is a file of one machine, which other workers "
            "on PostgreSQL do not have"
        )


def _open_sms_platform(
    settings: Settings, database: Database
) -> AbstractAsyncContextManager[Provider]:
    """Open an SMS platform by its format file, with its spool next to the database."""
    assert settings.outbox is not None  # noqa: S101 - checked by Settings
    database_file = database.file or Path("permit-reminders")
    deps = PlatformDeps(
        spool=database_file.with_name(f"{database_file.name}.outbox"),
        clock=SystemClock(),
        timeout=settings.post_timeout,
        proxy=settings.proxy,
        environ=os.environ,
    )
    return open_platform(load_format(settings.outbox), deps)


def twilio_config(settings: Settings) -> TwilioConfig:
    """The account of the settings; raises `SetUpError` for what is missing."""
    credentials = settings.twilio
    if not (credentials.account_sid and credentials.auth_token):
        raise SetUpError("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: set both")
    if bool(credentials.messaging_service_sid) == bool(credentials.from_):
        raise SetUpError("TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM: set one")
    if bool(credentials.api_key) != bool(credentials.api_secret):
        raise SetUpError("TWILIO_API_KEY and TWILIO_API_SECRET: set both or none")
    secret = credentials.api_secret or credentials.auth_token
    shared = credentials.webhook_secret
    return TwilioConfig(
        name="twilio",
        account_sid=credentials.account_sid,
        auth_token=credentials.auth_token.get_secret_value(),
        user=credentials.api_key or credentials.account_sid,
        secret=secret.get_secret_value(),
        messaging_service_sid=credentials.messaging_service_sid,
        from_=credentials.from_,
        api_url=credentials.api_url,
        public_url=settings.public_url,
        timeout=settings.post_timeout,
        proxy=settings.proxy,
        webhook_secret=shared.get_secret_value() if shared else None,
    )
