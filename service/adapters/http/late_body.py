"""A POST body that is not written after its deadline.

Between the decision to POST and the first byte, the process connects and may be stopped
for hours. aiohttp sends the headers together with the first part of the body, so
raising here sends nothing at all.
"""

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload

from service.flow.monotonic import monotonic_now

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"


class LateError(Exception):
    """The deadline has passed and nothing was written."""


class DeadlineBody(BytesPayload):
    """Raises `LateError` instead of writing after `post_until` of `monotonic_now`."""

    def __init__(
        self, body: bytes, content_type: str, post_until: float | None
    ) -> None:
        super().__init__(body, content_type=content_type)
        self._post_until = post_until

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Check the deadline, then write."""
        if self._post_until is not None and monotonic_now() > self._post_until:
            raise LateError
        await super().write_with_length(writer, content_length)
