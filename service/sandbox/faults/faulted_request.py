"""One struck request, as a fault sees it."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from aiohttp import web

from service.sandbox.messages.messages import MessageLog
from service.sandbox.sleep import interruptible_sleep

NextHandler = Callable[[], Awaitable[web.Response]]
SID_KEY = web.RequestKey("sid", str)
_RESET = struct.pack("ii", 1, 0)
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultedRequest:
    """A request and what may be done to it; `lifted` is set when the fault is over."""

    request: web.Request
    kind: str
    form: list[list[str]]
    messages: MessageLog
    rng: Random
    lifted: asyncio.Event

    @property
    def sid(self) -> str | None:
        """The message this request made or asks about."""
        return self.request.get(SID_KEY) or self.request.match_info.get("sid")

    @property
    def client_gone(self) -> bool:
        """Whether the client has given up."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    def log(self, fault: str) -> None:
        """Write down that it struck, and which message was taken, if one was.

        To be called after the taking and before the client learns anything.
        """
        self.messages.record(
            "fault", fault=fault, on=self.kind, sid=self.sid, form=self.form
        )

    def other_sid(self) -> str:
        """Name the latest message but this one, or one that never was."""
        every = (one.sid for one in self.messages.newest_first())
        others = (sid for sid in every if sid != self.sid)
        return next(others, f"SM{self.rng.getrandbits(128):032x}")

    async def wait_for_client(self, seconds: float) -> None:
        """Wait until the client gives up, the fault is lifted, or for so long."""
        while seconds > 0 and not (self.client_gone or self.lifted.is_set()):
            await interruptible_sleep(min(seconds, _POLL_SECONDS), self.lifted)
            seconds -= _POLL_SECONDS

    def hang_up(self, content: bytes = b"") -> web.Response:
        """End the connection after these bytes, which stand for the whole answer.

        What is returned, as a handler must, is never said.
        """
        if transport := self.request.transport:
            transport.write(content)
            transport.close()
        return web.Response()

    def reset(self) -> web.Response:
        """End the connection with a TCP reset."""
        if transport := self.request.transport:
            peer = transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            transport.abort()
        return web.Response()
