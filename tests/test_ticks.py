import asyncio

from service.domain.errors import SetUpError
from service.flow.sending.tick import TickResult
from service.ticks import TickScheduler

NOTHING = TickResult(created=0, posted=0, late=0, moved=0, open_outcomes=0)


async def test_the_pass_under_way_is_finished_before_we_leave() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), list[int]()

    async def tick() -> TickResult:
        if ended:
            begun.set()
            await may_end.wait()
        ended.append(1)
        return NOTHING

    async def leave() -> None:
        async with TickScheduler(tick).run_every(seconds=0.01):
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

    ticks = TickScheduler(tick)
    async with ticks.run_every(seconds=0.01):
        await passed.wait()
    assert told == [None, "templates: too long", "KeyError", None]
    assert ticks.last_failure() is None
