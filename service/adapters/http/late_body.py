"""The body of a POST that is not written once its time is over.

Between the decision to POST and the writing of the first byte lie a connection and some
turns of the event loop, in which a process can be stopped for hours. aiohttp sends
headers together with the first of the body, so that nothing of a late one goes out.
"""

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload

from service.flow.sending.post import monotonic_now

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"


class LateError(Exception):
    """Nothing was written."""


class DeadlineBody(BytesPayload):
    """Raises `LateError` instead of writing after an instant of `elapsed`."""

    def __init__(
        self, body: bytes, content_type: str, post_until: float | None
    ) -> None:
        super().__init__(body, content_type=content_type)
        self._until = post_until

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Look at the clock, and write at once."""
        if self._until is not None and monotonic_now() > self._until:
            raise LateError
        await super().write_with_length(writer, content_length)
