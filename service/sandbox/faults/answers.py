"""Faults of the answer alone: the message is accepted and its callbacks are sent."""

from http import HTTPStatus
from typing import Literal

from aiohttp import web
from pydantic import Field

from service.sandbox.faults.faulted_request import FaultedRequest, NextHandler
from service.sandbox.faults.requests import RequestFault

_MEGABYTE = 1_000_000
_HEADER = b"X-Endless-%07d: " + b"." * 80 + b"\r\n"


class AnswerFault(RequestFault):
    """A fault that lets the message be accepted and logged, then changes the answer."""

    async def handle(
        self, request: FaultedRequest, next_handler: NextHandler
    ) -> web.Response:
        """Let the request be handled, then change its answer."""
        answer = await next_handler()
        request.log(self.fault)
        return self.change_answer(request, answer)

    def change_answer(
        self, request: FaultedRequest, answer: web.Response
    ) -> web.Response:
        """Return the answer that the client gets instead."""
        raise NotImplementedError


class LostAnswer(AnswerFault):
    """The connection is cut before the answer, or in the middle of its body."""

    fault: Literal["lost-answer"] = "lost-answer"
    cut: Literal["before", "middle"] = "before"

    def change_answer(
        self, request: FaultedRequest, answer: web.Response
    ) -> web.Response:
        """Close the connection."""
        if self.cut == "before":
            return request.hang_up()
        body = _body(answer)
        head = f"{_head(answer)}Content-Length: {len(body)}\r\n\r\n"
        return request.hang_up(head.encode() + body[: len(body) // 2])


class TruncatedAnswer(AnswerFault):
    """A whole HTTP answer whose JSON ends half-way."""

    fault: Literal["truncated-answer"] = "truncated-answer"

    def change_answer(self, _: FaultedRequest, answer: web.Response) -> web.Response:
        """Keep the first half."""
        body = _body(answer)
        return _with_body(answer, body[: len(body) // 2])


class BloatedAnswer(AnswerFault):
    """The right JSON with `megabytes` of padding in it."""

    fault: Literal["bloated-answer"] = "bloated-answer"
    megabytes: int = Field(10, ge=1, le=1000)

    def change_answer(self, _: FaultedRequest, answer: web.Response) -> web.Response:
        """Add a `padding` field."""
        body = _body(answer)
        if not body.endswith(b"}"):
            return answer
        padding = b"." * (self.megabytes * _MEGABYTE)
        return _with_body(answer, body[:-1] + b',"padding":"' + padding + b'"}')


class EndlessHeaders(AnswerFault):
    """`megabytes` of headers and no body after them."""

    fault: Literal["endless-headers"] = "endless-headers"
    megabytes: int = Field(10, ge=1, le=100)

    def change_answer(
        self, request: FaultedRequest, answer: web.Response
    ) -> web.Response:
        """Send the headers, then close the connection."""
        count = self.megabytes * _MEGABYTE // len(_HEADER % 0)
        headers = b"".join(_HEADER % number for number in range(count))
        return request.hang_up(_head(answer).encode() + headers)


class WrongSid(AnswerFault):
    """The answer has the SID of another message: an earlier one, or an invented one.

    Lists and refusals name no single message and stay unchanged.
    """

    fault: Literal["wrong-sid"] = "wrong-sid"

    def change_answer(
        self, request: FaultedRequest, answer: web.Response
    ) -> web.Response:
        """Replace the SID everywhere in the body."""
        if request.sid is None:
            return answer
        other = request.other_sid()
        return _with_body(
            answer, _body(answer).replace(request.sid.encode(), other.encode())
        )


def _body(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""


def _head(answer: web.Response) -> str:
    phrase = HTTPStatus(answer.status).phrase
    kind = answer.headers.get("Content-Type", "application/json")
    return f"HTTP/1.1 {answer.status} {phrase}\r\nContent-Type: {kind}\r\n"


def _with_body(answer: web.Response, body: bytes) -> web.Response:
    return web.Response(
        status=answer.status, body=body, content_type=answer.content_type
    )
