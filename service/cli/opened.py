"""Running a command inside an opened installation."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import click

from service.adapters.logs import configure
from service.app import House, open_house
from service.settings import load

P = ParamSpec("P")


def in_house(
    command: Callable[Concatenate[House, P], Awaitable[int | None]],
) -> Callable[P, None]:
    """Give a command the installation of the settings; it returns the exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        settings = load()
        configure(json=settings.log_format == "json", level=settings.log_level)

        async def opened() -> int | None:
            async with open_house(settings) as house:
                return await command(house, *args, **kwargs)

        code = asyncio.run(opened())
        if code:
            click.get_current_context().exit(code)

    return run


def whoami() -> str:
    """Who runs this command, for the audit trail."""
    return getpass.getuser()
