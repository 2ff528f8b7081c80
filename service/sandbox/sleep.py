"""A sleep that an event can end early."""

import asyncio
from contextlib import suppress


async def interruptible_sleep(seconds: float, cancelled: asyncio.Event) -> None:
    """Return after `seconds`, or as soon as `cancelled` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(cancelled.wait(), seconds)
