"""A fake Twilio server, and the messages and answers of its tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from service.adapters.twilio.provider import TwilioConfig, TwilioProvider
from service.flow.sending.provider import OpenMessage, Outgoing

ACCOUNT, TOKEN = "AC" + "1" * 32, "2" * 32
PHONE, OTHER_PHONE, SENT_FROM = "+12125550101", "+12125550102", "+15005550006"
SM1, SM2 = "SM" + "0" * 31 + "1", "MM" + "0" * 31 + "2"
BODY = "Renew by 18 November."
PUBLIC = "https://permits.example.org"

Open = Callable[..., Awaitable[TwilioProvider]]
"""Opens a provider for a URL, with some fields of its configuration changed."""

Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What a server writes when it has read a request."""

Serve = Callable[[Speak], Awaitable[tuple[str, list[bytes]]]]
"""Starts a server; returns its URL and the list of requests it has read."""


def sender_to(url: str, **changed: Any) -> TwilioConfig:  # noqa: ANN401 - fields
    known = TwilioConfig(
        name="fake",
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        user=ACCOUNT,
        secret=TOKEN,
        messaging_service_sid=None,
        from_=SENT_FROM,
        api_url=url,
        public_url=None,
        timeout=5.0,
    )
    return replace(known, **changed)


def outgoing(
    phone: str = PHONE,
    body: str = BODY,
    valid_for: float = 86_400.0,
    sent_from: str | None = None,
) -> Outgoing:
    return Outgoing(
        id="0190aaaa",
        attempt=1,
        encrypted_phone=b"",
        body=body,
        template="renewal-prepare",
        language="en",
        valid_for=valid_for,
        sent_from=sent_from,
        phone=phone,
    )


def open_message(body: str = BODY) -> OpenMessage:
    now = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    return OpenMessage("0190aaaa", "fake", "r", b"", body, now, now, None, now)


DATED_AT = datetime(2024, 1, 29, 2, tzinfo=UTC)
"""When messages were created, as Twilio says."""


def message(**changed: object) -> dict[str, object]:
    """A message as Twilio shows it, as far as we read it."""
    known: dict[str, object] = {
        "sid": SM1,
        "account_sid": ACCOUNT,
        "status": "queued",
        "to": PHONE,
        "body": BODY,
        "date_created": format_datetime(DATED_AT),
        "error_code": None,
    }
    return known | changed


def page(*messages: object, **links: object) -> bytes:
    """A page of a list of messages."""
    return json.dumps({"messages": messages, "next_page_uri": None} | links).encode()


def raw(status: int, body: bytes | str = b"", *headers: str) -> bytes:
    """A whole answer as it goes over the wire."""
    sent = body if isinstance(body, bytes) else body.encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(sent)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + sent


def no(status: int, code: int, *headers: str) -> bytes:
    """A refusal as Twilio words it."""
    told = {"code": code, "message": "no", "more_info": "", "status": status}
    return raw(status, json.dumps(told), *headers)


def says(*answers: bytes) -> Speak:
    """Send one answer after another, then the last one again and again."""
    left = list(answers)

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return speak


def endlessly(start: bytes, again: bytes) -> Speak:
    """Write until the client closes the connection."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(0)

    return speak


async def hang(_: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


@asynccontextmanager
async def server(speak: Speak) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that speaks bytes: it closes after each answer."""
    asked: list[bytes] = []
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            asked.append(await _request(reader))
            await speak(writer)
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head
