"""Faults of the answer alone: the message is taken, and called back, as ever."""

from http import HTTPStatus
from typing import Literal

from aiohttp import web
from pydantic import Field

from service.sandbox.faults.faulted_request import FaultedRequest, NextHandler
from service.sandbox.faults.requests import RequestFault

_MEGABYTE = 1_000_000
_HEADER = b"X-Endless-%07d: " + b"." * 80 + b"\r\n"


class AnswerFault(RequestFault):
    """Lets the message be taken, and logged, before it touches the answer."""

    async def handle(
        self, request: FaultedRequest, next_handler: NextHandler
    ) -> web.Response:
        """Go on, then spoil what comes back."""
        answer = await next_handler()
        request.log(self.fault)
        return self.change_answer(request, answer)

    def change_answer(
        self, request: FaultedRequest, answer: web.Response
    ) -> web.Response:
        """Return what the client gets instead of this answer."""
        raise NotImplementedError


class LostAnswer(AnswerFault):
    """The connection is cut before the answer, or in the middle of its body."""

    fault: Literal["lost-answer"] = "lost-answer"
    cut: Literal["before", "middle"] = "before"

    def change_answer(
        self, request: FaultedRequest, answer: web.Response
    ) -> web.Response:
        """Hang up on the client."""
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
    """The right JSON and `megabytes` of padding in it."""

    fault: Literal["bloated-answer"] = "bloated-answer"
    megabytes: int = Field(10, ge=1, le=1000)

    def change_answer(self, _: FaultedRequest, answer: web.Response) -> web.Response:
        """Add a field that nobody asked for."""
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
        """Say headers until the client has had enough."""
        count = self.megabytes * _MEGABYTE // len(_HEADER % 0)
        headers = b"".join(_HEADER % number for number in range(count))
        return request.hang_up(_head(answer).encode() + headers)


class WrongSid(AnswerFault):
    """The answer names another message: the one before, or one that never was.

    Lists, and refusals, name no single message and stay as they are.
    """

    fault: Literal["wrong-sid"] = "wrong-sid"

    def change_answer(
        self, request: FaultedRequest, answer: web.Response
    ) -> web.Response:
        """Exchange the SID wherever it stands."""
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
