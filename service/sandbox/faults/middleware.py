"""Applies the active faults to the requests of the API."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from service.sandbox.authentication import refusal_response
from service.sandbox.faults import RequestFault, Target
from service.sandbox.faults.active import ActiveFaults
from service.sandbox.faults.faulted_request import FaultedRequest
from service.sandbox.messages.messages import MessageLog
from service.sandbox.refusals import RefusedError

Handler = Callable[[web.Request], Awaitable[web.Response]]


class FaultMiddleware:
    """Wraps request handlers in the active faults, and counts requests in flight."""

    def __init__(self, active_faults: ActiveFaults, messages: MessageLog) -> None:
        self._active_faults = active_faults
        self._messages = messages
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def wrap(self, kind: str, handler: Handler) -> Handler:
        """Return a handler that applies the faults of this kind of request.

        Every answer gives the requests in flight, in the header that Twilio uses.
        """

        async def handle_with_faults(request: web.Request) -> web.Response:
            self._in_flight = in_flight = self._in_flight + 1
            self._idle.clear()
            try:
                answer = await self._answer(kind, handler, request)
            finally:
                self._in_flight -= 1
                if not self._in_flight:
                    self._idle.set()
            answer.headers["Twilio-Concurrent-Requests"] = str(in_flight)
            return answer

        return handle_with_faults

    async def wait_until_idle(self) -> None:
        """Wait at most one second until no request is in flight."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), 1.0)

    async def _answer(
        self, kind: str, handler: Handler, request: web.Request
    ) -> web.Response:
        form = [[name, str(text)] for name, text in (await request.post()).items()]
        target = self._target(kind, request, dict(form))
        striking_faults = self._active_faults.strike(RequestFault, target)

        async def next_handler() -> web.Response:
            active_fault = next(striking_faults, None)
            if active_fault is None:
                return await _answer_without_fault(request, handler)
            faulted_request = FaultedRequest(
                request=request,
                kind=kind,
                form=form,
                messages=self._messages,
                rng=active_fault.rng,
                lifted=active_fault.lifted,
            )
            return await active_fault.fault.handle(faulted_request, next_handler)

        return await next_handler()

    def _target(self, kind: str, request: web.Request, form: dict[str, str]) -> Target:
        message = self._messages.get(request.match_info.get("sid", ""))
        return Target(
            kind,
            phone=form.get("To")
            or request.query.get("To")
            or (message.to if message else ""),
            body=form.get("Body") or (message.body if message else ""),
            in_flight=self._in_flight,
        )


async def _answer_without_fault(request: web.Request, handler: Handler) -> web.Response:
    """Return the real answer; a refusal too, since a fault may change it."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return refusal_response(refused)
