"""Decisions that an operator makes on several ids at once, each by itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import click

from service.cli.option_types import ID, WORDS
from service.domain.errors import ConflictError, UnknownError

IDS: Final = click.argument("ids", type=ID, metavar="ID...", nargs=-1, required=True)

REASON: Final = click.option(
    "--reason", type=WORDS, required=True, help="Why; it is stored and shown."
)


async def decide_each(
    ids: Sequence[str], decide: Callable[[str], Awaitable[str]]
) -> None:
    """Decide on each id and print the line that `decide` returns.

    Raises `ConflictError` at the end, with a line for each id that was refused.
    """
    refused = list[str]()
    for one in ids:
        try:
            click.echo(await decide(one))
        except (UnknownError, ConflictError) as error:
            refused.append(str(error))
    if refused:
        raise ConflictError(*refused)
