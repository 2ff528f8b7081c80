"""Running a command inside an opened installation."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
from sqlalchemy.exc import OperationalError

from service.adapters.logs import configure_logging
from service.app import Installation, open_installation
from service.domain.errors import SetUpError
from service.settings import Settings, load_settings

P = ParamSpec("P")
T = TypeVar("T")


def with_installation(
    command: Callable[Concatenate[Installation, P], Awaitable[int | None]],
) -> Callable[P, None]:
    """Give a command the installation of the settings; it returns the exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        settings = load_settings()

        async def opened() -> int | None:
            async with open_installation(settings) as installation:
                return await command(installation, *args, **kwargs)

        code = run_with_logging(settings, opened)
        if code:
            click.get_current_context().exit(code)

    return run


def run_with_logging(
    settings: Settings, task: Callable[[], Coroutine[Any, Any, T]]
) -> T:
    """Run with the log of the settings.

    Raises `SetUpError` where the database cannot be opened, read or written.
    """
    configure_logging(json=settings.log_format == "json", level=settings.log_level)
    _refuse_unusable_database(settings.database_file)
    try:
        return asyncio.run(task())
    except OperationalError as error:
        raise SetUpError(
            f"{settings.database_file}: {error.orig}; this file and its folder must "
            "be writable, the disk not full, and no other program writing for long"
        ) from error


def _refuse_unusable_database(file: Path) -> None:
    """Say it before aiosqlite tries, whose thread may outlive the event loop."""
    remedy = "or set PERMIT_REMINDERS_DATABASE_URL to another file"
    try:
        file.open("rb").close()
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise SetUpError(f"{file}: no such folder; make it, {remedy}") from None
    except OSError as error:
        raise SetUpError(f"{file}: {error.strerror}; mend it, {remedy}") from error


def whoami() -> str:
    """Who runs this command, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
