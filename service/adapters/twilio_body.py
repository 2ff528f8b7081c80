"""The form of a POST that is not written once its time is over.

Between the decision to POST and the writing of the first byte lie a connection and some
turns of the event loop, in which a process can be stopped for hours. aiohttp sends
headers together with the first of the body, so that nothing of a late one goes out.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from urllib.parse import urlencode

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload

from service.flow.post import elapsed

UNTIL: ContextVar[float | None] = ContextVar("until", default=None)
"""The instant of `elapsed` after which a POST of this task may not begin any more."""


class LateError(Exception):
    """Nothing was written."""


class TimelyForm(BytesPayload):
    """Raises `LateError` instead of writing after an instant of `elapsed`."""

    def __init__(self, fields: Mapping[str, object], until: float | None) -> None:
        form = urlencode(fields, doseq=True).encode()
        super().__init__(form, content_type="application/x-www-form-urlencoded")
        self._until = until

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Look at the clock, and write at once."""
        if self._until is not None and elapsed() > self._until:
            raise LateError
        await super().write_with_length(writer, content_length)
