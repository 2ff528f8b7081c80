"""Waiting that can be called off."""

import asyncio
from contextlib import suppress


async def interruptible_sleep(seconds: float, cancelled: asyncio.Event) -> None:
    """Return after so many seconds, or as soon as it is called off."""
    with suppress(TimeoutError):
        await asyncio.wait_for(cancelled.wait(), seconds)
