import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from service.domain.errors import SetUpError, StorageError
from service.flow.sending.tick import TickResult
from service.ticks import TickScheduler

NOTHING = TickResult(created=0, posted=0, late=0, moved=0, open_outcomes=0)


def scheduling(
    tick: Callable[[], Awaitable[TickResult]], *outlooks: str
) -> TickScheduler:
    """A scheduler to which these outlooks are described, one after the other."""
    waiting = list(outlooks)

    async def describe_outlook() -> str:
        return waiting.pop(0) if waiting else "nothing to come"

    return TickScheduler(tick, describe_outlook)


async def test_what_is_due_is_logged_after_the_first_pass_and_when_it_changes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    sent, unknown = replace(NOTHING, posted=3), replace(NOTHING, open_outcomes=1)
    results, done = [NOTHING, sent, NOTHING, unknown, unknown, sent], asyncio.Event()

    async def tick() -> TickResult:
        if not results:
            done.set()
        return results.pop(0) if results else unknown

    outlooks = "3 due now", "nothing until 09:30", "nothing until 09:30", "the end"
    async with scheduling(tick, *outlooks).run_every(seconds=0.01):
        await done.wait()
    lines = [one.getMessage() for one in caplog.records if one.name == "service.ticks"]
    assert lines == [
        "3 due now",
        f"tick {sent}",
        "nothing until 09:30",
        f"tick {unknown}",
        f"tick {sent}",
        "the end",
        f"tick {unknown}",
        "nothing to come",
    ]


async def test_the_pass_under_way_is_finished_before_we_leave() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), list[int]()

    async def tick() -> TickResult:
        if ended:
            begun.set()
            await may_end.wait()
        ended.append(1)
        return NOTHING

    async def leave() -> None:
        async with scheduling(tick).run_every(seconds=0.01):
            await begun.wait()

    leaving = asyncio.create_task(leave())
    await begun.wait()
    await asyncio.sleep(0)
    may_end.set()
    await leaving
    assert len(ended) >= 2


async def test_why_passes_fail_is_told_until_one_succeeds() -> None:
    mended, passed = asyncio.Event(), asyncio.Event()
    errors = [SetUpError("templates: too long"), KeyError("+12125550101")]
    told = list[str | None]()

    async def tick() -> TickResult:
        told.append(ticks.last_failure())
        if errors:
            raise errors.pop(0)
        if mended.is_set():
            passed.set()
        mended.set()
        return NOTHING

    ticks = scheduling(tick)
    async with ticks.run_every(seconds=0.01):
        await passed.wait()
    assert told == [None, "templates: too long", "KeyError", None]
    assert ticks.last_failure() is None


FULL = StorageError("ledger.db: the disk is full; make room on it")
READ_ONLY = StorageError.read_only("ledger.db")


@pytest.mark.parametrize(
    ("errors", "lines"),
    [
        ([FULL, FULL, FULL], [str(FULL)]),
        ([FULL, READ_ONLY, READ_ONLY, FULL], [str(FULL), str(READ_ONLY), str(FULL)]),
        ([FULL, None, FULL], [str(FULL), str(FULL)]),
        ([KeyError("a"), KeyError("a"), KeyError("b")], ["KeyError", "KeyError"]),
    ],
)
async def test_a_cause_is_logged_once_and_a_known_one_without_a_traceback(
    errors: list[Exception | None], lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    waiting, done = list(errors), asyncio.Event()

    async def tick() -> TickResult:
        if waiting and (error := waiting.pop(0)):
            raise error
        if not waiting:
            done.set()
        return NOTHING

    async with scheduling(tick).run_every(seconds=0.01):
        await done.wait()
    failures = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert [one.getMessage() for one in failures] == [
        f"tick failed: {line}" for line in lines
    ]
    foreseen = [isinstance(error, SetUpError) for error in errors]
    assert all(one.exc_info is None for one in failures) == foreseen[0]


async def test_what_a_pass_could_not_do_is_logged_once_and_told_until_one_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    late = [replace(NOTHING, late=107), replace(NOTHING, late=20)]
    told, done = list[str | None](), asyncio.Event()

    async def tick() -> TickResult:
        told.append(ticks.last_failure())
        if late:
            return late.pop(0)
        if told[-1] is None:
            done.set()
        return NOTHING

    ticks = scheduling(tick)
    async with ticks.run_every(seconds=0.01):
        await done.wait()
    first = "0 of 107 posted in time: the machine is too slow"
    assert told[:3] == [None, first, first.replace("107", "20")]
    warnings = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert [one.getMessage() for one in warnings] == [f"tick: {first}"]


async def test_ticks_go_on_while_what_comes_next_cannot_be_described(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    told, passed = list[str | None](), asyncio.Event()

    async def tick() -> TickResult:
        told.append(ticks.last_failure())
        if len(told) == 3:
            passed.set()
        return replace(NOTHING, posted=1)

    async def describe_outlook() -> str:
        raise KeyError("+12125550101")

    ticks = TickScheduler(tick, describe_outlook)
    async with ticks.run_every(seconds=0.01):
        await passed.wait()
    assert told[:3] == [None, None, None]
    lines = [one for one in caplog.records if one.name == "service.ticks"]
    assert [one.getMessage() for one in lines if one.levelno > logging.INFO] == [
        "what is due next is not known: KeyError"
    ]


@pytest.mark.parametrize(("posted", "late"), [(0, 0), (1, 107)])
def test_a_pass_that_posted_something_or_had_nothing_to_post_was_fast_enough(
    posted: int, late: int
) -> None:
    assert replace(NOTHING, posted=posted, late=late).shortfall is None


async def test_passes_go_on_when_the_machine_s_clock_is_set_back() -> None:
    passed = asyncio.Queue[None]()

    async def tick() -> TickResult:
        passed.put_nowait(None)
        return NOTHING

    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=True) as clock:
        async with scheduling(tick).run_every(seconds=0.01):
            await passed.get()
            await passed.get()
            clock.shift(timedelta(hours=-1))
            for _ in range(3):
                await passed.get()
