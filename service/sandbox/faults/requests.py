"""Faults of requests: delays, refusals, server errors, lost connections.

`next_handler` runs the next fault of the list, and after the last the real handler, so
the first fault wraps the others. With `taken`, the message is accepted all the same.
"""

from http import HTTPStatus
from typing import Literal, Self

from aiohttp import web
from pydantic import Field, model_validator

from service.sandbox.authentication import refusal_response
from service.sandbox.faults.fault import (
    MOST,
    Fault,
    Seconds,
    Target,
    draw_seconds,
)
from service.sandbox.faults.faulted_request import FaultedRequest, NextHandler
from service.sandbox.refusals import RefusedError
from service.sandbox.sleep import interruptible_sleep

RequestKind = Literal["create", "list", "fetch", "update", "delete"]

_GATEWAY = """<!doctype html>
<html><head><title>{0} {1}</title></head>
<body><center><h1>{0} {1}</h1></center><hr></body></html>
"""


class RequestFault(Fault):
    """A fault of the kinds of requests that `on` lists."""

    on: tuple[RequestKind, ...] = ("create",)

    def target_kinds(self) -> tuple[str, ...]:
        """Return `on`."""
        return self.on

    async def handle(
        self, request: FaultedRequest, next_handler: NextHandler
    ) -> web.Response:
        """Answer the request, with or without calling `next_handler`."""
        raise NotImplementedError


class Latency(RequestFault):
    """The request is handled after `seconds`, or a random time from there to `upto`.

    The message is accepted even if the client has given up meanwhile.
    """

    fault: Literal["latency"] = "latency"
    seconds: Seconds
    upto: Seconds | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.upto is not None and self.upto < self.seconds:
            raise ValueError("upto should not be less than seconds")
        return self

    async def handle(
        self, request: FaultedRequest, next_handler: NextHandler
    ) -> web.Response:
        """Wait, then call the next handler."""
        request.log(self.fault)
        await interruptible_sleep(
            draw_seconds(request.rng, self.seconds, self.upto), request.lifted
        )
        return await next_handler()


class Busy(RequestFault):
    """HTTP 429, code 20429, while more than `above` requests are in flight.

    twilio.com/docs/api/errors/20429: the limit is on requests at the same time.
    """

    fault: Literal["busy"] = "busy"
    above: int = Field(0, ge=0, le=MOST)
    retry_after: int | None = Field(None, ge=0, le=MOST)

    def matches(self, target: Target) -> bool:
        """Also compare the number of requests in flight."""
        return super().matches(target) and target.in_flight > self.above

    async def handle(self, request: FaultedRequest, _: NextHandler) -> web.Response:
        """Answer 429, with `Retry-After` if set."""
        request.log(self.fault)
        answer = refusal_response(RefusedError(20429))
        if self.retry_after is not None:
            answer.headers["Retry-After"] = str(self.retry_after)
        return answer


class Refusal(RequestFault):
    """Any of Twilio's error codes, such as 20003 (account) or 21610 (opted out)."""

    fault: Literal["refusal"] = "refusal"
    code: int = Field(ge=10_000, le=99_999)
    status: int | None = Field(None, ge=400, le=499)

    async def handle(self, request: FaultedRequest, _: NextHandler) -> web.Response:
        """Answer at once, with the code's own HTTP status unless `status` is set."""
        request.log(self.fault)
        return refusal_response(RefusedError(self.code, status=self.status))


class Broken(RequestFault):
    """HTTP 5xx, as Twilio's JSON or as the HTML of a gateway in front of it."""

    fault: Literal["broken"] = "broken"
    status: int = Field(500, ge=500, le=599)
    html: bool = False
    taken: bool = False

    async def handle(
        self, request: FaultedRequest, next_handler: NextHandler
    ) -> web.Response:
        """Answer with a 5xx status."""
        if self.taken:
            await next_handler()
        request.log(self.fault)
        if self.html:
            return self._gateway()
        code = 20503 if self.status == HTTPStatus.SERVICE_UNAVAILABLE else 20500
        return refusal_response(RefusedError(code, status=self.status))

    def _gateway(self) -> web.Response:
        known = self.status in {one.value for one in HTTPStatus}
        phrase = HTTPStatus(self.status).phrase if known else "Error"
        text = _GATEWAY.format(self.status, phrase)
        return web.Response(status=self.status, text=text, content_type="text/html")


class Hang(RequestFault):
    """No answer: the connection ends when the client gives up or after `seconds`."""

    fault: Literal["hang"] = "hang"
    seconds: Seconds = 60
    taken: bool = False

    async def handle(
        self, request: FaultedRequest, next_handler: NextHandler
    ) -> web.Response:
        """Wait, then close the connection."""
        if self.taken:
            await next_handler()
        request.log(self.fault)
        await request.wait_for_client(self.seconds)
        return request.hang_up()


class Reset(RequestFault):
    """A TCP reset before the message is accepted."""

    fault: Literal["reset"] = "reset"

    async def handle(self, request: FaultedRequest, _: NextHandler) -> web.Response:
        """Reset the connection."""
        request.log(self.fault)
        return request.reset()
