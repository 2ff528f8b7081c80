import asyncio
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from aiohttp.test_utils import unused_port

from service.adapters.http.proxy import proxy_for
from service.adapters.twilio.provider import open_twilio
from service.domain.delivery.outcome import Accepted, RefusalKind, Refused
from service.domain.errors import SetUpError
from tests.adapters.twilio.fake_server import (
    DATED_AT,
    PHONE,
    SM1,
    Open,
    Serve,
    message,
    open_message,
    outgoing,
    raw,
    says,
    sender_to,
)

API = "https://api.twilio.com"
PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ({"HTTP_PROXY": PROXY}, None),
        ({"ALL_PROXY": PROXY}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "localhost,.twilio.com"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "example.org"}, PROXY),
    ],
)
def test_the_environment_s_proxy_is_used_if_none_is_configured(
    environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(API, None) == proxy
    assert proxy_for(API, "http://ours.example") == "http://ours.example"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "[::1]"])
def test_loopback_addresses_use_no_proxy(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    assert proxy_for(f"http://{host}:8080", None) is None
    assert proxy_for("http://10.0.0.1:8080", None) == PROXY


@pytest.mark.parametrize("proxy", ["socks5://ann:open-sesame@proxy", "http://"])
async def test_a_proxy_that_is_not_http_is_refused_at_the_start(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    expected = "HTTPS_PROXY: .* PERMIT_REMINDERS_PROXY"
    with pytest.raises(SetUpError, match=expected) as caught:
        async with open_twilio(sender_to(API)):
            pass
    assert "sesame" not in str(caught.value)


async def test_requests_go_through_the_proxy(serve: Serve, opened: Open) -> None:
    proxy, asked = await serve(says(raw(201, json.dumps(message()))))
    with_key = proxy.replace("//", "//ann:open-sesame@")
    provider = await opened("http://twilio.invalid", proxy=with_key)
    assert await provider.send(outgoing()) == Accepted(SM1, dated_at=DATED_AT)
    line, *headers = asked[0].decode().splitlines()
    assert line.startswith("POST http://twilio.invalid/2010-04-01/Accounts/AC")
    assert any(one.startswith("Proxy-Authorization: Basic ") for one in headers)


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_a_proxy_that_refuses_the_tunnel_is_safe_to_retry(
    serve: Serve, opened: Open, status: int
) -> None:
    proxy, asked = await serve(says(raw(status, "<html>no</html>")))
    provider = await opened("https://twilio.invalid", proxy=proxy)
    refused = await provider.send(outgoing())
    assert refused == Refused(
        RefusalKind.RETRY_SAFE, "connect", "ClientHttpProxyError", is_outage=True
    )
    assert asked[0].startswith(b"CONNECT twilio.invalid:443 ")
    assert b"Basic" not in asked[0], "the proxy does not learn our token"


async def test_a_refused_connection_is_safe_to_retry(opened: Open) -> None:
    nobody = f"http://127.0.0.1:{unused_port()}"
    for provider in (
        await opened(nobody),
        await opened("https://twilio.invalid", proxy=nobody),
    ):
        refused = await provider.send(outgoing())
        assert isinstance(refused, Refused)
        assert (refused.kind, refused.code) == (RefusalKind.RETRY_SAFE, "connect")
        assert await provider.find(open_message(), PHONE) is None
        assert await provider.fetch_receipt(SM1) is None


async def test_a_server_with_a_wrong_certificate_is_safe_to_retry(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(says(raw(400)))
    provider = await opened(url.replace("http:", "https:"))
    refused = await provider.send(outgoing())
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == (RefusalKind.RETRY_SAFE, "connect")
    assert asked == []


@pytest.fixture
def full() -> Iterator[str]:
    """An address that never accepts connections: its queue is full."""
    with ExitStack() as open_:
        listening = open_.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = open_.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def test_a_connection_that_times_out_is_safe_to_retry(
    full: str, opened: Open
) -> None:
    provider = await opened(full, timeout=0.4)
    async with asyncio.timeout(30):
        refused = await provider.send(outgoing())
    assert refused == Refused(
        RefusalKind.RETRY_SAFE, "connect", "ConnectionTimeoutError", is_outage=True
    )
