"""The body of a request, within a time."""

import asyncio
from typing import Final

from aiohttp import web

BODY_TIMEOUT: Final = 10.0
"""Seconds within which a body must arrive; Twilio itself waits at most 15."""


async def read_body(request: web.Request) -> bytes:
    """The whole body. Raises a 4xx for a body that stops or is too slow."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body came too slowly") from None
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPBadRequest(text="the body is incomplete") from None
