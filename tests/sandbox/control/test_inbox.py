from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest

from service.sandbox.control.inbox import split_signature
from service.sandbox.messages.fates import DELIVERIES_BY_SUFFIX

Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]


async def page(http: aiohttp.ClientSession, path: str, status: int = 200) -> str:
    async with http.get(path) as answer:
        assert answer.status == status
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none")
        return await answer.text()


async def test_an_empty_inbox_says_so_and_explains_the_deliveries(
    http: aiohttp.ClientSession,
) -> None:
    text = await page(http, "/")
    assert "暂无短信" in text
    for digits, fate in DELIVERIES_BY_SUFFIX.items():
        assert f"<td>{digits}</td>" in text
        assert str(fate.error_code or fate.final) in text
        assert fate.reason in text


async def test_phones_are_listed_with_their_last_message_the_newest_first(
    http: aiohttp.ClientSession, send: Send
) -> None:
    await send(To="+12025550101", Body="the older one")
    await send(To="+12025550102", Body="elsewhere")
    await send(To="+12025550101", Body="the newer one")
    text = await page(http, "/")
    assert text.index("+1 202 555 0101") < text.index("+1 202 555 0102")
    assert "the newer one" in text
    assert "the older one" not in text
    assert 'href="/phones/%2B12025550101"' in text


async def test_a_phone_shows_its_messages_and_no_others(
    http: aiohttp.ClientSession, send: Send, hook: str, hear: Hear
) -> None:
    await send(To="+12025550102", Body="elsewhere")
    await send(To="+12025550194", Body="【某省局】许可证到期", StatusCallback=hook)
    await hear()
    text = await page(http, "/phones/%2B12025550194")
    assert '<p class="bubble" lang="zh-Hans"><b>【某省局】</b>许可证到期</p>' in text
    assert "failed 发送失败" in text
    assert "30007" in text
    assert "elsewhere" not in text


async def test_a_phone_that_got_nothing_shows_an_empty_screen(
    http: aiohttp.ClientSession,
) -> None:
    assert "暂无短信" in await page(http, "/phones/%2B12025550100", status=404)


@pytest.mark.parametrize("path", ["/", "/phones/%2B12025550100"])
async def test_what_was_sent_is_shown_and_never_run(
    http: aiohttp.ClientSession, send: Send, path: str
) -> None:
    await send(To="+12025550100", Body="<script>alert('x')</script> & co")
    text = await page(http, path)
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; co" in text
    assert "<script" not in text


async def test_a_number_in_the_address_is_shown_and_never_run(
    http: aiohttp.ClientSession,
) -> None:
    assert "<img" not in await page(http, "/phones/%3Cimg%20src=x%3E", status=404)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        ("【某省局】到期", "【某省局】"),
        ("PROV-AMR: Your licence", "PROV-AMR: "),
        ("Your licence: expires", ""),
        ("到期【某省局】", ""),
        ("【没有结束", ""),
        ("【某省局】\n两行", "【某省局】"),
        ("", ""),
    ],
)
def test_a_signature_is_what_stands_in_front(body: str, signature: str) -> None:
    first, rest = split_signature(body)
    assert first == signature
    assert first + rest == body
