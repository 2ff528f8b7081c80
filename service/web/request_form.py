"""The body of a request as a form of files, part by part and never whole in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Final, TypeVar

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from service.web.request_body import BODY_TIMEOUT

T = TypeVar("T")

_CHUNK: Final = 256 * 1024

_INCOMPLETE: Final = "the body is incomplete, or no multipart/form-data"

_MALFORMED: Final = (
    *(ValueError, AssertionError, HttpProcessingError),  # as aiohttp finds it
    *(web.RequestPayloadError, ConnectionError),
)


async def open_form(request: web.Request) -> MultipartReader:
    """The form in a body; raises a 4xx for another media type."""
    if (
        request.content_type != "multipart/form-data"
        or hdrs.CONTENT_ENCODING in request.headers
    ):
        raise web.HTTPUnsupportedMediaType(
            text="send multipart/form-data, uncompressed"
        )
    try:
        return await request.multipart()
    except ValueError:
        raise web.HTTPBadRequest(text=_INCOMPLETE) from None


async def next_part(form: MultipartReader) -> BodyPartReader | None:
    """The next part, or None at the end.

    Raises a 4xx for a body that stops, is too slow, or is no form.
    """
    part = await _read(form.next())
    if isinstance(part, MultipartReader):
        raise web.HTTPBadRequest(text=_INCOMPLETE)
    return part


async def read_chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    """The content of a part, as it comes; raises as `next_part`."""
    while chunk := await _read(part.read_chunk(_CHUNK)):
        yield chunk


async def _read(reading: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            return await reading
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body came too slowly") from None
    except _MALFORMED:
        raise web.HTTPBadRequest(text=_INCOMPLETE) from None
