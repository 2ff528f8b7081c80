"""A request that a fault strikes, with the actions that faults take on it."""

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
    """A request and what a fault needs; `lifted` is set when the fault is removed."""

    request: web.Request
    kind: str
    form: list[list[str]]
    messages: MessageLog
    rng: Random
    lifted: asyncio.Event

    @property
    def sid(self) -> str | None:
        """The SID of the message that this request created or names."""
        return self.request.get(SID_KEY) or self.request.match_info.get("sid")

    @property
    def client_gone(self) -> bool:
        """Whether the client has closed the connection."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    def log(self, fault: str) -> None:
        """Log that the fault struck, with the SID of the message if there is one.

        Call it after the message was accepted and before the client gets anything.
        """
        self.messages.record(
            "fault", fault=fault, on=self.kind, sid=self.sid, form=self.form
        )

    def other_sid(self) -> str:
        """Return the SID of the latest other message, or an invented SID."""
        sids = (message.sid for message in self.messages.newest_first())
        others = (sid for sid in sids if sid != self.sid)
        return next(others, f"SM{self.rng.getrandbits(128):032x}")

    async def wait_for_client(self, seconds: float) -> None:
        """Wait `seconds`, or until the client gives up or the fault is removed."""
        while seconds > 0 and not (self.client_gone or self.lifted.is_set()):
            await interruptible_sleep(min(seconds, _POLL_SECONDS), self.lifted)
            seconds -= _POLL_SECONDS

    def hang_up(self, content: bytes = b"") -> web.Response:
        """Send these raw bytes as the whole answer, then close the connection.

        The response returned, which aiohttp requires of a handler, is never sent.
        """
        if transport := self.request.transport:
            transport.write(content)
            transport.close()
        return web.Response()

    def reset(self) -> web.Response:
        """Close the connection with a TCP reset."""
        if transport := self.request.transport:
            peer = transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            transport.abort()
        return web.Response()
