import asyncio

from service.flow.tick import Passed
from service.ticks import ticking


async def test_the_pass_under_way_is_finished_before_we_leave() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), list[int]()

    async def tick() -> Passed:
        if ended:
            begun.set()
            await may_end.wait()
        ended.append(1)
        return Passed(born=0, posted=0, moved=0, open=0)

    async def leave() -> None:
        async with ticking(tick, seconds=0.01):
            await begun.wait()

    leaving = asyncio.create_task(leave())
    await begun.wait()
    await asyncio.sleep(0)
    may_end.set()
    await leaving
    assert len(ended) >= 2
