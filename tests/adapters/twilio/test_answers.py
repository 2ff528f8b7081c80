"""A hostile or broken provider: one message's attempt, never the worker."""

import asyncio
import gzip
import json
import logging

import pytest

from service.adapters.http.answers import LONGEST_ANSWER
from service.adapters.twilio.http import LONGEST_PAGE
from service.domain.delivery.outcome import (
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
    UnknownId,
)
from tests.adapters.twilio.fake_server import (
    OTHER_PHONE,
    PHONE,
    SM1,
    Open,
    Serve,
    Speak,
    endlessly,
    hang,
    message,
    no,
    open_message,
    outgoing,
    page,
    raw,
    says,
)

PAGE = "<html><body>502 Bad Gateway</body></html>"
MEGABYTES = 10 * 1024 * 1024
OK = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"


def json_of(**changed: object) -> bytes:
    return json.dumps(message(**changed)).encode()


def bomb() -> bytes:
    squeezed = gzip.compress(b" " * MEGABYTES + json_of())
    return raw(201, squeezed, "Content-Encoding: gzip")


def foreign_status() -> bytes:
    """Problem details that call their own 502 a 400."""
    told = {"type": "about:blank", "title": "no", "status": 400, "code": 21610}
    return raw(502, json.dumps(told))


NEVER_SURE: dict[str, Speak] = {
    "empty": says(raw(201)),
    "no content": says(raw(204)),
    "half a JSON": says(raw(201, json_of()[:40])),
    "cut short": says(OK + b"Content-Length: 999\r\n\r\n" + json_of()),
    "a chunk cut short": says(
        OK + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + json_of()
    ),
    "a chunk of no size": says(
        OK + b"Transfer-Encoding: chunked\r\n\r\nall\r\n" + json_of()
    ),
    "two lengths": says(
        OK + b"Content-Length: 3\r\nContent-Length: 300\r\n\r\n" + json_of()
    ),
    "hung up": says(b""),
    "hung up amid a header": says(b"HTTP/1.1 201 Cre"),
    "no HTTP": says(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
    "no status": says(b"HTTP/1.1 abc\r\n\r\n"),
    "headers without end": endlessly(OK, b"X-More: and more\r\n"),
    "a header without end": endlessly(OK + b"X-More: ", b"more" * 1024),
    "a status without end": endlessly(b"HTTP/1.1 201 Created", b"d" * 4096),
    "a body without end": endlessly(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"{" * 4096 + b"\r\n"
    ),
    "blanks without end": endlessly(OK + b"\r\n", b" " * 4096),
    "interim answers without end": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "ten megabytes": says(raw(201, b" " * MEGABYTES + json_of())),
    "ten megabytes squeezed": says(bomb()),
    "a no of ten megabytes": says(raw(400, b" " * MEGABYTES)),
    "a page": says(raw(201, PAGE)),
    "a page of a proxy": says(raw(502, PAGE)),
    "a forbidding page of a proxy": says(raw(403, PAGE)),
    "a gateway's own JSON": says(no(403, 403)),
    "an overload": says(no(503, 20503)),
    "a fault": says(no(500, 20500)),
    "a fault that calls itself a refusal": says(foreign_status()),
    "a list": says(raw(201, "[]")),
    "null": says(raw(201, "null")),
    "nothing in it": says(raw(201, "{}")),
    "not UTF-8": says(raw(201, b'{"sid": "\xff"}')),
    "too deep": says(raw(201, "[" * 60_000)),
    "too long a number": says(raw(201, '{"sid": ' + "1" * 60_000 + "}")),
    "a wrong no": says(raw(400, '"no"')),
    "a no too deep": says(raw(400, "[" * 60_000)),
    "an empty no": says(raw(400)),
    "a no without a code": says(raw(400, '{"message": "no", "code": null}')),
    "elsewhere": says(raw(307, b"", "Location: /elsewhere")),
    "late": says(raw(408, PAGE)),
    **{
        f"the id {sid!r}": says(raw(201, json_of(sid=sid)))
        for sid in (
            *(None, "", 1, True, [SM1], {"sid": SM1}, SM1[:-1], SM1 + "0"),
            *("CA" + SM1[2:], SM1[:-1] + "g", f"{SM1}\n", f"../{SM1}", "sm" + SM1[2:]),
        )
    },
    "about another phone": says(raw(201, json_of(to=OTHER_PHONE))),
    "about a number with fewer digits": says(raw(201, json_of(to="+1212"))),
    "about a number with other digits hidden": says(
        raw(201, json_of(to="+1213555XXXX"))
    ),
    "about no number": says(raw(201, json_of(to=["a"]))),
    "about another account": says(raw(201, json_of(account_sid="AC" + "9" * 32))),
}

names = pytest.mark.parametrize("name", NEVER_SURE)


def patience(name: str) -> float:
    """The time-out of requests: this server keeps the processor busy until then."""
    return 0.3 if name == "interim answers without end" else 2.0


@names
async def test_an_unclear_answer_is_unknown_and_the_post_is_not_repeated(
    serve: Serve, opened: Open, name: str
) -> None:
    url, asked = await serve(NEVER_SURE[name])
    provider = await opened(url, timeout=patience(name))
    async with asyncio.timeout(30):
        outcome: Outcome = await provider.send(outgoing())
    assert isinstance(outcome, Unknown), outcome
    assert len(asked) == 1


@names
async def test_an_invalid_list_proves_no_absence(
    serve: Serve, opened: Open, name: str
) -> None:
    url, _ = await serve(NEVER_SURE[name])
    provider = await opened(url, timeout=patience(name))
    async with asyncio.timeout(30):
        assert await provider.find(open_message(), PHONE) is None
        assert await provider.fetch_receipts([SM1], open_message().posted_after) is None


STILL_ITS_OWN = {"about another phone", "about a number with fewer digits"}
STILL_ITS_OWN |= {"about a number with other digits hidden", "about no number"}
STILL_ITS_OWN |= {"about another account"}
"""Asked for by its id, a message is the one that was asked for."""


@pytest.mark.parametrize(
    "name", [one for one in NEVER_SURE if one not in STILL_ITS_OWN]
)
async def test_an_invalid_message_is_no_receipt(
    serve: Serve, opened: Open, name: str
) -> None:
    url, _ = await serve(NEVER_SURE[name])
    provider = await opened(url, timeout=patience(name))
    async with asyncio.timeout(30):
        assert await provider.fetch_receipt(SM1) is None


async def test_the_next_message_is_sent_after_any_failure(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(
        says(raw(201, b" " * MEGABYTES), raw(201, PAGE), raw(201, json_of()))
    )
    provider = await opened(url)
    said = [type(await provider.send(outgoing())).__name__ for _ in range(3)]
    assert said == ["Unknown", "Unknown", "Accepted"]
    assert len(asked) == 3


async def test_another_message_s_answer_is_no_receipt(
    serve: Serve, opened: Open
) -> None:
    other = json_of(sid="SM" + "f" * 32)
    url, _ = await serve(says(raw(200, other)))
    provider = await opened(url)
    assert await provider.fetch_receipt(SM1) is None


UNKNOWN_ID = no(404, 20404)
"""What Twilio says of an id that it does not have."""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (UNKNOWN_ID, UnknownId()),
        (raw(404, PAGE), None),
        (raw(404), None),
        (no(404, 20003), None),
        (no(401, 20404), None),
        (no(410, 20404), None),
        (no(500, 20404), None),
    ],
    ids=["unknown", "a page", "empty", "another code", "401", "410", "500"],
)
async def test_only_twilio_s_own_answer_says_that_it_does_not_know_an_id(
    serve: Serve, opened: Open, answer: bytes, expected: UnknownId | None
) -> None:
    url, _ = await serve(says(answer))
    provider = await opened(url)
    assert await provider.fetch_receipt(SM1) == expected


@pytest.mark.parametrize("sid", ["", "SM1", "../Accounts", f"{SM1}/Media", "CA" * 17])
async def test_an_invalid_sid_is_not_fetched(
    serve: Serve, opened: Open, sid: str
) -> None:
    url, asked = await serve(says(raw(200, json_of())))
    provider = await opened(url)
    assert await provider.fetch_receipt(sid) is None
    assert asked == []


@pytest.mark.parametrize(
    "changed",
    [
        {"sid": "SM1"},
        {"sid": None},
        {"to": OTHER_PHONE},
        {"account_sid": "AC" + "9" * 32},
        {"date_created": None},
        {"date_created": "yesterday"},
        {"date_created": "Mon, 99 Jan 2024 02:00:00 +0000"},
    ],
)
async def test_a_list_with_an_unrelated_message_proves_no_absence(
    serve: Serve, opened: Open, changed: dict[str, object]
) -> None:
    url, _ = await serve(says(raw(200, page(message(), message(**changed)))))
    provider = await opened(url)
    assert await provider.find(open_message(), PHONE) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": [[]]}',
        b'{"messages": [null]}',
        b'{"messages": null}',
        b'{"messages": {}, "more": {}}',
        b'{"meta": {}, "messages": []}',
        b'{"meta": {"key": "news"}, "messages": []}',
        b'{"messages": [], "next_page_uri": 7}',
    ],
)
async def test_a_page_of_an_unexpected_shape_proves_no_absence(
    serve: Serve, opened: Open, body: bytes
) -> None:
    url, _ = await serve(says(raw(200, body)))
    provider = await opened(url)
    found = await provider.find(open_message(), PHONE)
    assert found is None


async def test_a_page_of_a_thousand_long_messages_is_read(
    serve: Serve, opened: Open
) -> None:
    long = [message(body="许可证" * 400) for _ in range(1000)]
    listed = page(*long)
    assert LONGEST_ANSWER < len(listed) < LONGEST_PAGE
    url, _ = await serve(says(raw(200, listed)))
    provider = await opened(url)
    found = await provider.find(open_message(), PHONE)
    assert found is not None
    assert len(found.candidates) == 1000


async def test_a_page_with_too_many_messages_proves_no_absence(
    serve: Serve, opened: Open
) -> None:
    url, _ = await serve(says(raw(200, page(*[{}] * 1001))))
    provider = await opened(url)
    assert await provider.find(open_message(), PHONE) is None


async def test_an_endless_list_is_abandoned_and_proves_no_absence(
    serve: Serve, opened: Open
) -> None:
    again = page(message(), next_page_uri="/2010-04-01/Accounts/AC/Messages.json")
    url, asked = await serve(says(raw(200, again)))
    provider = await opened(url)
    async with asyncio.timeout(30):
        assert await provider.find(open_message(), PHONE) is None
    assert len(asked) == 5


async def test_a_link_to_another_host_gets_no_credentials(
    serve: Serve, opened: Open
) -> None:
    theirs, listening = await serve(says(raw(200, page())))
    meta = {"key": "messages", "next_page_url": f"{theirs}/Messages.json"}
    url, _ = await serve(says(raw(200, page(message(), meta=meta))))
    provider = await opened(url)
    assert await provider.find(open_message(), PHONE) is None
    assert listening == []


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    serve: Serve, opened: Open, status: int
) -> None:
    theirs, listening = await serve(says(raw(201, json_of())))
    url, asked = await serve(says(raw(status, json_of(), f"Location: {theirs}/")))
    provider = await opened(url)
    assert isinstance(await provider.send(outgoing()), Unknown)
    assert await provider.fetch_receipt(SM1) is None
    assert await provider.find(open_message(), PHONE) is None
    assert len(asked) == 3
    assert listening == []


async def test_a_post_without_an_answer_ends_after_the_timeout(
    serve: Serve, opened: Open
) -> None:
    url, asked = await serve(hang)
    provider = await opened(url, timeout=0.2)
    async with asyncio.timeout(30):
        assert isinstance(await provider.send(outgoing()), Unknown)
        assert await provider.find(open_message(), PHONE) is None
        assert await provider.fetch_receipt(SM1) is None
    assert [one.split()[0] for one in asked] == [b"POST", b"GET", b"GET"]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ([], None),
        (["Retry-After: 7"], 7.0),
        (["Retry-After: 0"], None),
        (["Retry-After: 999999999"], 600.0),
        (["Retry-After: " + "9" * 5000], None),
        (["Retry-After: -5"], None),
        (["Retry-After: ７"], None),
        (["Retry-After: soon"], None),
        (["Retry-After: Mon, 29 Jan 2024 02:00:30 GMT"], None),
        (
            [
                "Retry-After: Mon, 29 Jan 2024 02:00:30 GMT",
                "Date: Mon, 29 Jan 2024 02:00:00 GMT",
            ],
            30.0,
        ),
        (
            [
                "Retry-After: Mon, 29 Jan 2024 02:00:00 GMT",
                "Date: Tue, 30 Jan 2024 02:00:00 GMT",
            ],
            None,
        ),
        (
            [
                "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT",
                "Date: Tue, 30 Jan 2024 02:00:00 GMT",
            ],
            600.0,
        ),
    ],
)
async def test_a_429_reports_concurrency_and_its_retry_after(
    serve: Serve, opened: Open, headers: list[str], wait: float | None
) -> None:
    url, asked = await serve(says(no(429, 20429, *headers)))
    provider = await opened(url)
    assert await provider.send(outgoing()) == Refused(
        *(RefusalKind.RETRY_SAFE, "20429", "HTTP 429"),
        over_concurrency=True,
        retry_after=wait,
    )
    assert len(asked) == 1


async def test_a_429_of_a_gateway_reports_concurrency_too(
    serve: Serve, opened: Open
) -> None:
    url, _ = await serve(says(raw(429, PAGE)))
    provider = await opened(url)
    assert await provider.send(outgoing()) == Refused(
        RefusalKind.RETRY_SAFE, "429", "HTTP 429", over_concurrency=True
    )


async def test_an_error_page_in_another_encoding_still_has_its_status(
    serve: Serve, opened: Open
) -> None:
    busy = "<h1>系统繁忙</h1>".encode("gb18030")
    url, _ = await serve(says(raw(429, busy), raw(400, busy), raw(201, busy)))
    provider = await opened(url)
    said = [await provider.send(outgoing()) for _ in range(3)]
    assert [type(one).__name__ for one in said] == ["Refused", "Unknown", "Unknown"]


async def test_a_failed_query_is_logged_without_the_phone(
    serve: Serve, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (raw(403, PAGE), no(401, 20003), b"", raw(200, page({"to": PHONE}))):
        url, _ = await serve(says(answer))
        assert await (await opened(url)).find(open_message(), PHONE) is None
    told = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert told == [
        "fake: cannot be asked: HTTP 403 without a code of Twilio's",
        "fake: cannot be asked: HTTP 401 20003",
        "fake: cannot be asked: ServerDisconnectedError",
        "fake: cannot be asked: ValueError",
    ]
    assert PHONE[1:] not in caplog.text
