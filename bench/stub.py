"""A stand-in for Twilio that takes every message, as cheaply as Python can.

    python bench/stub.py

Prints its port and serves until its standard input ends. What a measured client waits
for is then not us: an answer has every field of a real one, made of one template.
"""

import asyncio
import sys
from email.utils import formatdate
from itertools import count
from typing import Final

ACCOUNT: Final = "AC" + "0" * 32

_ANSWER: Final = (
    b'{"account_sid": "%s", "api_version": "2010-04-01", "body": "", '
    b'"date_created": "%s", "date_sent": null, "date_updated": "%s", '
    b'"direction": "outbound-api", "error_code": null, "error_message": null, '
    b'"from": "+15005550006", "messaging_service_sid": null, "num_media": "0", '
    b'"num_segments": "1", "price": null, "price_unit": "USD", "sid": "SM%032x", '
    b'"status": "queued", "subresource_uris": {"media": ""}, "to": "+%s", "uri": ""}'
)
_HEAD: Final = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
)


class Stub(asyncio.Protocol):
    """One kept connection; a request may come in pieces."""

    ids = count(1)
    now = formatdate().encode()

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n") + 4) > 3:  # noqa: PLR2004
            head = self._read[:end].lower()
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if len(self._read) < end + length:
                return
            body = self._read[end : end + length]
            self._read = self._read[end + length :]
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        to = body.split(b"To=%2B", 1)[1].split(b"&", 1)[0]
        values = (ACCOUNT.encode(), self.now, self.now, next(self.ids), to)
        told = _ANSWER % values
        self._transport.write(b"%b%d\r\n\r\n%b" % (_HEAD, len(told), told))


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Stub, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
