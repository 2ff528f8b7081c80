"""Asks the provider of the settings whether it would take texts; sends none."""

import os
from pathlib import Path

from service.adapters.choose_provider import refuse_unsafe_provider, twilio_config
from service.adapters.sms_platform.format.file import load_format
from service.adapters.sms_platform.format.model import FileFormat
from service.adapters.sms_platform.open_platform import read_secrets
from service.adapters.twilio.check import check_twilio
from service.adapters.twilio.provider import open_twilio
from service.domain.errors import PermitRemindersError
from service.domain.reports.findings import ProviderState
from service.settings import Settings


async def check_provider(settings: Settings) -> ProviderState:
    """Ask Twilio, or look at the SMS platform's format; the sandbox is not started."""
    name = settings.provider
    try:
        refuse_unsafe_provider(settings)
        if name == "twilio":
            async with open_twilio(twilio_config(settings)) as provider:
                return await check_twilio(provider)
        if settings.outbox is not None:
            return _check_format(settings.outbox)
    except PermitRemindersError as error:
        problem = error.in_one_line, "correct the settings"
        return ProviderState(name, is_real=True, problem=problem)
    return ProviderState(name, is_real=False)


def _check_format(file: Path) -> ProviderState:
    """A platform cannot be asked; its format and its folder can be looked at.

    Raises `InvalidError`, or `SetUpError` where the file or a secret is missing.
    """
    found = load_format(file)
    read_secrets(found, os.environ)
    if not isinstance(found.outgoing, FileFormat):
        return ProviderState("outbox", is_real=True, is_asked=False)
    problem = None
    if not _takes_files(found.outgoing):
        what = f"no files can be written to {found.outgoing.folder}"
        problem = what, "make the folder, or mount its share"
    return ProviderState("outbox", is_real=True, problem=problem)


def _takes_files(to: FileFormat) -> bool:
    folder = to.folder if to.folder.exists() else to.folder.parent  # made by serve
    return folder.is_dir() and os.access(folder, os.W_OK)
