"""Waiting that can be called off."""

import asyncio
from contextlib import suppress


async def pause(seconds: float, called_off: asyncio.Event) -> None:
    """Return after so many seconds, or as soon as it is called off."""
    with suppress(TimeoutError):
        await asyncio.wait_for(called_off.wait(), seconds)
