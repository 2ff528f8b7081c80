"""A call that hangs costs one thread, and nobody waits for it."""

import asyncio
import subprocess
import sys
from threading import Event

import pytest

from service.adapters.lookups.daemon_thread import DaemonThreads, TooManyHangingError

HANGS = """
import asyncio, threading
from service.adapters.lookups.daemon_thread import DaemonThreads

async def main():
    asking = asyncio.ensure_future(
        DaemonThreads().run("city", 1, threading.Event().wait)
    )
    await asyncio.wait([asking], timeout=0.01)
    asking.cancel()

asyncio.run(main())
print("ended")
"""


async def test_what_hangs_counts_against_its_own_limit_until_it_ends() -> None:
    threads, released = DaemonThreads(), Event()
    hanging = asyncio.ensure_future(threads.run("city", 1, released.wait))
    await asyncio.sleep(0)
    with pytest.raises(TooManyHangingError):
        await threads.run("city", 1, str)
    assert await threads.run("county", 1, lambda: "another") == "another"
    released.set()
    assert await hanging
    assert await threads.run("city", 1, lambda: "again") == "again"


async def test_an_error_is_raised_where_the_call_is_awaited() -> None:
    with pytest.raises(ZeroDivisionError):
        await DaemonThreads().run("city", 1, lambda: 1 / 0)


def test_a_process_ends_although_a_call_hangs() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "ended\n"
