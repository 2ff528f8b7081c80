"""Running a command inside an opened installation.

The wiring is imported when a command opens an installation, not to declare it: it
needs every library, and most of the time that a short answer takes.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from service.adapters.files.read import refuse_endless
from service.domain.errors import SetUpError
from service.domain.untrusted.text import safe_label
from service.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    from service.app import Installation

P = ParamSpec("P")
T = TypeVar("T")


def with_installation(
    command: Callable[Concatenate[Installation, P], Awaitable[int | None]],
) -> Callable[P, None]:
    """Give a command the installation of the settings; it returns the exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        from service.app import open_installation  # noqa: PLC0415

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
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from service.adapters.logs import configure_logging  # noqa: PLC0415

    configure_logging(json=settings.log_format == "json", level=settings.log_level)
    file = settings.database_file
    if file is not None:
        _refuse_unusable_database(file)
    try:
        return asyncio.run(task())
    except OperationalError as error:
        if file is None:
            raise SetUpError(f"the database refuses: {error.orig}") from error
        raise SetUpError(
            f"{file}: {error.orig}; this file and its folder must "
            "be writable, the disk not full, and no other program writing for long"
        ) from error


def _refuse_unusable_database(file: Path) -> None:
    """Say it before aiosqlite tries, whose thread may outlive the event loop."""
    remedy = "or set PERMIT_REMINDERS_DATABASE_URL to another file"
    try:
        refuse_endless(file)
        file.open("rb").close()
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise SetUpError(f"{file}: no such folder; make it, {remedy}") from None
    except OSError as error:
        raise SetUpError(f"{file}: {error.strerror}; mend it, {remedy}") from error


def whoami() -> str:
    """Who runs this command, for the audit trail."""
    try:
        return safe_label(getpass.getuser())
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
