"""What happens below the application: refused requests, slow clients, a full house."""

import asyncio
import asyncio.constants
import json
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from yarl import URL

from service.app import Installation
from service.web import listener
from service.web.application import application
from service.web.listener import listening
from tests.web.conftest import Carrier

KEY = "pr_thisisasecretkey"
PHONE = "212-555-0142"
SECRETS = ("thisisasecretkey", PHONE, "2125550142")

HEAD = f"Host: x\r\nAuthorization: Bearer {KEY}\r\nX-Phone: {PHONE}\r\n"
CHUNKED = f"PUT /v1/permits/a/b HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n"

REFUSED = {
    "no HTTP": f"{KEY} {PHONE}\r\n\r\n",
    "another version": f"GET /{PHONE} HTTP/9.9\r\n{HEAD}\r\n",
    "a header without a name": f"GET / HTTP/1.1\r\n{HEAD}: {PHONE}\r\n\r\n",
    "a header without a colon": f"GET / HTTP/1.1\r\n{HEAD}{KEY}\r\n\r\n",
    "a control character": f"GET / HTTP/1.1\r\n{HEAD}X: {PHONE}\x00\r\n\r\n",
    "an address in brackets": f"GET http://[{PHONE} HTTP/1.1\r\n{HEAD}\r\n",
    "a long line": f"GET /{PHONE * 1000} HTTP/1.1\r\n{HEAD}\r\n",
    "a long header": f"GET / HTTP/1.1\r\n{HEAD}X: {KEY * 1000}\r\n\r\n",
    "many headers": f"GET / HTTP/1.1\r\n{HEAD * 100}\r\n",
    "two lengths": f"GET / HTTP/1.1\r\n{HEAD}"
    "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a length that is none": f"GET / HTTP/1.1\r\n{HEAD}Content-Length: {PHONE}\r\n\r\n",
    "an expectation": f"GET /v1/permits HTTP/1.1\r\n{HEAD}Expect: {PHONE}\r\n\r\n",
    "an expectation of no route": f"GET /no HTTP/1.1\r\n{HEAD}Expect: {KEY}\r\n\r\n",
    "a chunk that is none": f"{CHUNKED}\r\n{PHONE}\r\n",
    "a broken chunk after an answer": f"GET /no HTTP/1.1\r\n{HEAD}"
    f"Transfer-Encoding: chunked\r\n\r\n5\r\nhello{PHONE}\r\n",
}


MORE_THAN_BUFFERS_TAKE = 60
"""Answers of some 200 KB each; a socket buffers 4 MB at most."""


@asynccontextmanager
async def connected(
    url: URL,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    assert url.host
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answers(url: URL, request: bytes) -> bytes:
    """Everything that the service says until it closes the connection."""
    async with connected(url) as (reader, writer):
        writer.write(request)
        return await reader.read()


def problem_in(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    problem = json.loads(body)
    assert isinstance(problem, dict)
    assert str(problem["status"]).encode() == head.split()[1]
    return problem


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """Let this process open no file more."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Path(os.devnull).open("rb") as lowest_free:
        number = lowest_free.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
async def url(installation: Installation, carrier: Carrier) -> AsyncIterator[URL]:
    async with listening(application(installation, carrier), "127.0.0.1", 0) as urls:
        yield urls[0]


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
async def test_what_is_refused_is_a_problem_and_no_log_quotes_it(
    url: URL, request_: str, caplog: pytest.LogCaptureFixture
) -> None:
    closing = request_.replace("Host: x\r\n", "Host: x\r\nConnection: close\r\n", 1)
    with capture_logs() as lines:
        answer = await answers(url, closing.encode())
    assert 400 <= problem_in(answer)["status"] < 500
    assert lines
    told = answer.decode() + repr(lines) + caplog.text
    assert not [one for one in SECRETS if one in told]


async def test_a_connection_that_sends_no_whole_header_is_closed(
    installation: Installation, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "IDLE_TIMEOUT", 0.05)
    async with listening(application(installation, carrier), "127.0.0.1", 0) as [url]:
        assert await answers(url, b"") == b""
        assert await answers(url, b"GET /healthz HTTP/1.1\r\nHost:") == b""


async def test_a_body_that_stops_is_refused(
    url: URL, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.request_body.BODY_TIMEOUT", 0.05)
    request = (
        "PUT /v1/permits/cn-food-production-license/1 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {key}\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    )
    async with connected(url) as (reader, writer):
        writer.write(request.encode())
        assert (await reader.readline()).split()[1] == b"408"


async def test_a_client_that_takes_no_answer_is_cut_off(
    url: URL, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "WRITE_TIMEOUT", 0.2)
    ask = (
        f"GET /openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
    )
    with capture_logs() as lines, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(0)
        client.connect_ex((url.host, url.port))
        _, writer = await asyncio.open_connection(sock=client)
        writer.write(ask.encode() * MORE_THAN_BUFFERS_TAKE)
        async with asyncio.timeout(60):
            while all(one["event"] == "request" for one in lines):  # noqa: ASYNC110 - nothing but the log tells it
                await asyncio.sleep(0.01)
        writer.close()
    assert lines[-1]["event"] == "answer not taken"


async def test_an_error_that_asyncio_finds_is_logged_without_its_text(url: URL) -> None:
    assert url.port
    found = {"message": "went wrong", "exception": ValueError(PHONE)}
    with capture_logs() as lines:
        asyncio.get_running_loop().call_exception_handler(found)
    [line] = lines
    assert (line["event"], line["error"]) == ("went wrong", "ValueError")
    assert PHONE not in repr(line)


async def test_a_connection_too_many_is_told_to_come_again(
    installation: Installation, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has one line of it, however many they are."""
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 1)
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with capture_logs() as lines:
        async with (
            listening(application(installation, carrier), "127.0.0.1", 0) as [url],
            connected(url) as (reader, writer),
        ):
            writer.write(ask)
            assert (await reader.readline()).split()[1] == b"200"
            for _ in range(3):
                answer = await answers(url, ask)
                assert problem_in(answer)["status"] == 503
                assert b"Retry-After: " in answer
    assert [one["event"] for one in lines if one["log_level"] == "error"] == [
        "connections are refused"
    ]


async def test_without_file_descriptors_it_waits_and_says_so_once(
    url: URL, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.constants, "ACCEPT_RETRY_DELAY", 0.01)
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with capture_logs() as lines, socket.socket() as client:
        client.settimeout(0)
        with no_descriptors_left():
            client.connect_ex((url.host, url.port))
            async with asyncio.timeout(30):
                while not lines:  # noqa: ASYNC110 - nothing but the log tells it
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.03)  # more attempts, and no more lines
        reader, writer = await asyncio.open_connection(sock=client)
        writer.write(ask)
        assert b" 200 " in await reader.read()
        writer.close()
    told = [one["event"] for one in lines if one["event"] != "request"]
    assert told == ["no connection can be accepted"]
    assert not caplog.text
