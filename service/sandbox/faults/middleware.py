"""Requests of the API, and the faults around them."""

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
    """Lets the faults in force at each request, and counts requests in flight."""

    def __init__(self, trouble: ActiveFaults, messages: MessageLog) -> None:
        self._trouble = trouble
        self._messages = messages
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    def wrap(self, kind: str, handler: Handler) -> Handler:
        """Make a handler of requests of this kind, `create` or another, vulnerable.

        Every answer says, as Twilio's do, how many requests were in flight.
        """

        async def struck(request: web.Request) -> web.Response:
            self._inside = inside = self._inside + 1
            self._empty.clear()
            try:
                answer = await self._answer(kind, handler, request)
            finally:
                self._inside -= 1
                if not self._inside:
                    self._empty.set()
            answer.headers["Twilio-Concurrent-Requests"] = str(inside)
            return answer

        return struck

    async def wait_until_idle(self) -> None:
        """Wait a second at most for all requests, those of clients long gone too."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), 1.0)

    async def _answer(
        self, kind: str, handler: Handler, request: web.Request
    ) -> web.Response:
        form = [[name, str(text)] for name, text in (await request.post()).items()]
        target = self._target(kind, request, dict(form))
        struck = self._trouble.strike(RequestFault, target)

        async def go_on() -> web.Response:
            armed = next(struck, None)
            if armed is None:
                return await _answer_without_fault(request, handler)
            visit = FaultedRequest(
                request=request,
                kind=kind,
                form=form,
                messages=self._messages,
                rng=armed.rng,
                lifted=armed.lifted,
            )
            return await armed.fault.handle(visit, go_on)

        return await go_on()

    def _target(self, kind: str, request: web.Request, form: dict[str, str]) -> Target:
        asked = self._messages.get(request.match_info.get("sid", ""))
        return Target(
            kind,
            phone=form.get("To")
            or request.query.get("To")
            or (asked.to if asked else ""),
            body=form.get("Body") or (asked.body if asked else ""),
            in_flight=self._inside,
        )


async def _answer_without_fault(request: web.Request, handler: Handler) -> web.Response:
    """What Twilio answers, refusals too: any answer can be spoilt."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return refusal_response(refused)
