import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from service.sandbox.account import Account

Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]
SERVICE = "MG" + "0" * 32


def attempts(log: Path) -> list[tuple[str, int, str]]:
    lines = map(orjson.loads, log.read_bytes().splitlines())
    return [
        (line["status"], line["attempt"], line["result"])
        for line in lines
        if line["event"] == "callback"
    ]


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("+12025550100", [("sent", None), ("delivered", None)]),
        ("+12025550190", [("sent", None), ("undelivered", "30003")]),
        ("+12025550191", [("sent", None), ("undelivered", "30005")]),
        ("+12025550192", [("sent", None), ("undelivered", "30006")]),
        ("+12025550193", [("sent", None), ("undelivered", "30008")]),
        ("+12025550194", [("failed", "30007")]),
        ("+15005550006", [("sent", None), ("delivered", None)]),
    ],
)
async def test_every_status_but_the_first_is_called_back(
    send: Send, hook: str, hear: Hear, to: str, told: list[tuple[str, str | None]]
) -> None:
    await send(To=to, StatusCallback=hook)
    forms = [await hear() for _ in told]
    found = {form["MessageStatus"]: form.get("ErrorCode") for form in forms}
    assert found == dict(told)


async def test_a_message_that_stays_sent_never_gets_a_receipt(
    send: Send, http: aiohttp.ClientSession, hook: str, hear: Hear
) -> None:
    silent = await send(To="+12025550195", StatusCallback=hook)
    assert (await hear())["MessageStatus"] == "sent"
    await send(To="+12025550100", StatusCallback=hook)
    later = [await hear(), await hear()]
    assert silent["sid"] not in {form["MessageSid"] for form in later}
    async with http.get("/_sandbox/messages") as answer:
        told = (await answer.json())[0]
    assert told["statuses"] == ["queued", "sent"]
    assert told["called_back"] == ["sent"]


async def test_a_callback_carries_the_vendors_fields_and_signature(
    send: Send, hook: str, calls: asyncio.Queue[web.Request], account: Account
) -> None:
    url = f"{hook}?ref=7&b=%2B1"
    form = {"From": "", "MessagingServiceSid": SERVICE, "StatusCallback": url}
    sid = (await send(To="+12025550190", **form))["sid"]
    by_status = {}
    for _ in range(3):
        request = await asyncio.wait_for(calls.get(), 30)
        fields = await request.post()
        signature = request.headers["X-Twilio-Signature"]
        assert RequestValidator(account.auth_token).validate(url, fields, signature)
        assert request.path_qs == "/status?ref=7&b=%2B1"
        assert request.headers["User-Agent"] == "TwilioProxy/1.1"
        assert request.content_type == "application/x-www-form-urlencoded"
        by_status[fields["MessageStatus"]] = dict(fields)
    assert set(by_status) == {"queued", "sent", "undelivered"}
    done_at = str(by_status["undelivered"].pop("RawDlrDoneDate"))
    assert len(done_at) == len("2401290900")
    assert by_status["undelivered"] == {
        "AccountSid": account.sid,
        "ApiVersion": "2010-04-01",
        "ErrorCode": "30003",
        "ErrorMessage": "the phone is off or out of reach",
        "From": "+15005550006",
        "MessageSid": sid,
        "MessageStatus": "undelivered",
        "MessagingServiceSid": SERVICE,
        "SmsSid": sid,
        "SmsStatus": "undelivered",
        "To": "+12025550190",
    }
    assert "ErrorCode" not in by_status["sent"]


async def test_the_fragment_is_for_the_vendor_and_is_not_signed(
    send: Send, hook: str, calls: asyncio.Queue[web.Request], account: Account
) -> None:
    await send(To="+12025550194", StatusCallback=f"{hook}?a=1#rc=5&rp=all")
    request = await asyncio.wait_for(calls.get(), 30)
    signature = request.headers["X-Twilio-Signature"]
    validator = RequestValidator(account.auth_token)
    assert validator.validate(f"{hook}?a=1", await request.post(), signature)


@pytest.mark.parametrize(
    ("fragment", "replies", "heard"),
    [
        ("", [500], 1),
        ("#rc=3", [500, 500], 1),
        ("#rp=all", [500, 500, 500], 2),
        ("#rc=3&rp=all", [500, 403, 302, 204], 4),
        ("#rc=2&rp=all", [500, 500, 500, 500], 3),
        ("#rc=5&rp=5xx", [503, 404, 204], 2),
        ("#rc=5&rp=4xx,5xx", [503, 404, 204], 3),
        ("#rc=0&rp=all", [500, 204], 1),
        ("#rc=9&rp=all", [500, 500, 500], 2),
        ("#rc=5&rp=all", [204, 500], 1),
    ],
)
async def test_a_refused_callback_comes_again_as_its_url_asks(
    *,
    send: Send,
    hook: str,
    calls: asyncio.Queue[web.Request],
    answers: deque[int],
    tmp_path: Path,
    fragment: str,
    replies: list[int],
    heard: int,
) -> None:
    answers.extend(replies)
    await send(To="+12025550194", StatusCallback=hook + fragment)
    tokens = set()
    for _ in range(heard):
        request = await asyncio.wait_for(calls.get(), 30)
        tokens.add(request.headers["I-Twilio-Idempotency-Token"])
    await send(To="+12025550195", StatusCallback=hook)
    last = await (await asyncio.wait_for(calls.get(), 30)).post()
    assert last["MessageStatus"] == "sent"
    assert len(tokens) == 1
    logged = [one for one in attempts(tmp_path / "messages.jsonl") if one[0] != "sent"]
    told = [(n, str(reply)) for n, reply in enumerate(replies[:heard], start=1)]
    assert logged == [("failed", n, reply) for n, reply in told]


async def test_a_hook_that_hangs_up_is_tried_again_only_where_its_url_says_so(
    http: aiohttp.ClientSession, hook: str, answers: deque[int]
) -> None:
    form = {"From": "+12025550194", "To": "+15005550006", "Body": "STOP"}
    for fragment, result in [("", "rt"), ("#rp=ct", "rt"), ("#rp=rt", "204")]:
        answers.append(0)
        url = {"Url": hook + fragment}
        async with http.post("/_sandbox/inbound", data=form | url) as answer:
            assert (await answer.json())["result"] == result


async def test_after_a_restart_only_what_was_not_called_back_is_called_back(
    *,
    send: Send,
    http: aiohttp.ClientSession,
    hook: str,
    hear: Hear,
    calls: asyncio.Queue[web.Request],
    reopen: Callable[[], Awaitable[aiohttp.ClientSession]],
    tmp_path: Path,
) -> None:
    await send(To="+12025550100", StatusCallback=hook)
    log = tmp_path / "messages.jsonl"
    assert {(await hear())["MessageStatus"] for _ in range(2)} == {"sent", "delivered"}
    while len(attempts(log)) < 2:
        async with http.get("/_sandbox/health") as answer:
            await answer.read()
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(one for one in lines if b'"delivered","url"' not in one))
    await reopen()
    assert (await hear())["MessageStatus"] == "delivered"
    assert calls.empty()


async def test_a_refused_connection_is_retried_once_and_logged(
    *,
    send: Send,
    http: aiohttp.ClientSession,
    unused_tcp_port: int,
    hook: str,
    tmp_path: Path,
    hear: Hear,
) -> None:
    nobody = f"http://127.0.0.1:{unused_tcp_port}/"
    await send(To="+12025550194", StatusCallback=nobody)
    form = {"From": "+12025550194", "To": "+15005550006", "Body": "STOP"}
    async with http.post("/_sandbox/inbound", data={**form, "Url": nobody}) as answer:
        assert (await answer.json())["result"] == "ct"
    await send(To="+12025550195", StatusCallback=hook)
    await hear()
    logged = sorted(attempts(tmp_path / "messages.jsonl"))
    assert logged[:4] == [
        ("failed", 1, "ct"),
        ("failed", 2, "ct"),
        ("received", 1, "ct"),
        ("received", 2, "ct"),
    ]


async def test_a_message_without_a_callback_url_posts_nothing(
    send: Send, hook: str, hear: Hear, calls: asyncio.Queue[web.Request]
) -> None:
    await send(To="+12025550194")
    told = await send(To="+12025550194", StatusCallback=hook)
    assert (await hear())["MessageSid"] == told["sid"]
    assert calls.empty()
