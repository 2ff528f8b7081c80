"""The listener below the application: its limits, and what the HTTP parser refuses.

aiohttp would answer what its parser refuses in plain text and log it with its content,
which may be an API key or a phone number. Here it gets problem details, and the log has
the kind of error and nothing of the request.
"""

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from errno import EMFILE, ENFILE, ENOBUFS, ENOMEM
from http import HTTPStatus
from traceback import format_tb
from typing import Any, Final

import structlog
from aiohttp import hdrs, web
from yarl import URL

from service.domain.errors import SetUpError
from service.web.problems import http_problem, problem_response

READING: Final[Mapping[str, Any]] = {"access_log": None, "auto_decompress": False}
"""How aiohttp reads requests.

Its own request log is off, because it would write permit numbers. So is decompression:
a small compressed body could swell to gigabytes.
"""

IDLE_TIMEOUT: Final = 75.0
"""Seconds in which a connection must send the whole header of its next request.

Reverse proxies close what is idle before that: nginx after 60.
"""

WRITE_TIMEOUT: Final = 60.0
"""Seconds in which a client must take an answer; the longest has some megabytes."""

MOST_CONNECTIONS: Final = 500
"""Connections of a process; fewer if it may not open twice as many files."""

REFUSED_TIMEOUT: Final = 1.0
"""Seconds in which a connection too many must ask to be told so."""

LOG_INTERVAL: Final = 60.0
"""Seconds between two log lines about the same shortage."""

MALFORMED: Final = (
    "the request is not well-formed HTTP/1.1, or a line of it is longer than 8190 bytes"
)

_REQUEST_GRACE: Final = 0.5
"""Seconds that requests under way have to end; a webhook takes some milliseconds.

aiohttp waits for as long again after it has cut a request off.
"""

_OUT_OF_RESOURCES: Final = frozenset({EMFILE, ENFILE, ENOBUFS, ENOMEM})

_log = structlog.get_logger("service.web")


class ProblemProtocol(web.RequestHandler):
    """A connection whose errors are problem details, whoever finds them."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser refused, or what no middleware caught."""
        del message  # it quotes the request
        if status == HTTPStatus.BAD_REQUEST:
            _log.warning("request refused by the parser", error=type(exc).__name__)
            answer = problem_response(HTTPStatus.BAD_REQUEST, MALFORMED)
        else:
            self.log_exception("request failed", exc_info=exc)
            answer = problem_response(HTTPStatus.INTERNAL_SERVER_ERROR)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of another answer was sent")
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401 - aiohttp's
        """Log an error in one line without its text, which may quote the request."""
        _log.warning(str(args[0]), **_describe_error(kw.get("exc_info")))

    async def finish_response(
        self,
        request: web.BaseRequest,
        resp: web.StreamResponse,
        start_time: float | None,
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response; cut off a client that does not take it."""
        if isinstance(resp, web.HTTPException):  # raised before any middleware
            _log.warning("request refused", status=resp.status)
            resp = http_problem(resp)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            _log.warning("answer not taken", status=resp.status)
            self.force_close()
            return resp, True


class _Refused(asyncio.Protocol):
    """A connection too many: it gets 503, and it is closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it, unless it asks at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a TCP server
        self._transport = transport
        loop = asyncio.get_running_loop()
        self._closing = loop.call_later(REFUSED_TIMEOUT, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer once the request is there: a close before that would reset it."""
        del data
        if not self._transport.is_closing():
            self._transport.write(_too_many())
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        self._closing.cancel()


class _Shortages:
    """The log of shortages: one line each, at most once in `LOG_INTERVAL`."""

    def __init__(self) -> None:
        self._told = dict[str, float]()

    def report(self, what: str, remedy: str) -> None:
        """Log a shortage unless that was done just now."""
        now = asyncio.get_running_loop().time()
        if now - self._told.get(what, -LOG_INTERVAL) >= LOG_INTERVAL:
            self._told[what] = now
            _log.error(what, remedy=remedy)

    def handle(
        self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]
    ) -> None:
        """Log an error that asyncio found; its text may quote a request."""
        del loop
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _OUT_OF_RESOURCES:
            reason = os.strerror(error.errno)
            remedy = f"{reason}: raise `ulimit -n` or the memory of this process"
            self.report("no connection can be accepted", remedy)
        else:
            _log.error(context["message"], **_describe_error(error))


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int
) -> AsyncIterator[Sequence[URL]]:
    """Serve an application; yields its URLs. Raises `SetUpError` for a taken port."""
    loop = asyncio.get_running_loop()
    runner = web.AppRunner(app, shutdown_timeout=_REQUEST_GRACE)
    await runner.setup()
    server, shortages, most = runner.server, _Shortages(), _connection_limit()
    assert server is not None  # noqa: S101 - it was set up

    def connect() -> asyncio.Protocol:
        if len(server.connections) < most:
            options = {**READING, "keepalive_timeout": IDLE_TIMEOUT}
            return ProblemProtocol(server, loop=loop, **options)
        remedy = f"{most} are open; see who holds them, or start another process"
        shortages.report("connections are refused", remedy)
        return _Refused()

    former = loop.get_exception_handler()
    loop.set_exception_handler(shortages.handle)
    try:
        listener = await _listen(loop, connect, host, port)
        try:
            addresses = [one.getsockname() for one in listener.sockets]
            yield [URL.build(scheme="http", host=at[0], port=at[1]) for at in addresses]
        finally:
            listener.close()
    finally:
        await runner.cleanup()
        loop.set_exception_handler(former)


def _connection_limit() -> int:
    """The most connections at a time: half of the files that a process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, files // 2)


def _describe_error(error: BaseException | None) -> dict[str, str]:
    """The kind of an error and where it arose; its text may hold personal data."""
    if error is None:
        return {}
    frames = "".join(format_tb(error.__traceback__))
    return {"error": type(error).__name__, "trace": frames}


async def _listen(
    loop: asyncio.AbstractEventLoop,
    connect: Callable[[], asyncio.Protocol],
    host: str,
    port: int,
) -> asyncio.Server:
    try:
        return await loop.create_server(connect, host, port)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise SetUpError(
            f"{host}:{port}: {reason}; "
            "set PERMIT_REMINDERS_HOST or PERMIT_REMINDERS_PORT to another"
        ) from None


def _too_many() -> bytes:
    """A whole answer, written by hand: no request is read."""
    problem = problem_response(
        HTTPStatus.SERVICE_UNAVAILABLE, "too many connections are open; try again"
    )
    lines = [
        "HTTP/1.1 503 Service Unavailable",
        f"{hdrs.CONTENT_TYPE}: {problem.content_type}",
        f"{hdrs.CONTENT_LENGTH}: {len(problem.text or '')}",
        f"{hdrs.RETRY_AFTER}: {problem.headers[hdrs.RETRY_AFTER]}",
        f"{hdrs.CONNECTION}: close",
    ]
    return "\r\n".join([*lines, "", problem.text or ""]).encode()
