"""The process that POSTs for `Apart`.

    python -m service.adapters.poster

It is told on its standard input how to reach the provider, then round after round, and
says on its standard output that it is ready, then what each round came to. It ends with
its input: whoever would write down what it POSTs is no more. Signals to end are kept
from it, since its parent says when.
"""

import asyncio
import os
import sys
from asyncio import Queue, StreamReader, StreamReaderProtocol, TaskGroup
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from service.adapters.frames import framed, heard
from service.adapters.garbage import collect_seldom
from service.flow.sending.post import Posting
from service.flow.sending.provider import Outgoing

Round = tuple[int, Sequence[tuple[Any, ...]], float, float]
"""Its number, its messages, since when they are claimed, and its deadline."""

FIELDS: Final = [one.name for one in fields(Outgoing)]
"""What of a message is said, in this order: bare tuples cross the pipe soonest."""

_GLANCE: Final = 0.05
"""Seconds between two looks at whether all of a round has begun."""

STOP: Final = None
"""Said in place of a round: end what is under way, begin nothing more."""


async def main() -> None:
    """Be told, POST, and say what came of it, until the input ends."""
    reader = StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: StreamReaderProtocol(reader), sys.stdin)
    opening, vault, configure = await heard(reader)
    configure()
    told, rounds = asyncio.Event(), Queue[Round]()
    async with opening() as provider, TaskGroup() as group:
        posting = Posting(provider, vault, is_stopping=told.is_set)
        collect_seldom()
        _say("ready")
        group.create_task(_work(posting, rounds, group))
        try:
            while True:
                match await heard(reader):
                    case None:
                        told.set()
                    case given:
                        rounds.put_nowait(given)
        except EOFError:
            os._exit(0)  # what is under way is nobody's any more


async def _work(posting: Posting, rounds: Queue[Round], group: TaskGroup) -> None:
    """One round after another; one POST that hangs does not hold up the next round."""
    while True:
        working = group.create_task(_round(posting, *await rounds.get()))
        while not working.done():
            await asyncio.wait({working}, timeout=_GLANCE)
            if not posting.unposted:
                break


async def _round(
    posting: Posting,
    number: int,
    told: Sequence[tuple[Any, ...]],
    since: float,
    deadline: float,
) -> None:
    messages = [Outgoing(*one) for one in told]
    done = await posting.post(messages, deadline, since)
    at = {one.id: place for place, one in enumerate(messages)}
    outcomes = [(at[one.id], outcome) for one, outcome in done.outcomes]
    _say((number, outcomes, done.is_blocked, posting.pace))


def _say(what: object) -> None:
    left = memoryview(framed(what))
    try:
        while left:
            left = left[os.write(sys.stdout.fileno(), left) :]
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
