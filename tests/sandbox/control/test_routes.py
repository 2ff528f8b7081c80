import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from service.sandbox.account import Account

Send = Callable[..., Awaitable[Mapping[str, Any]]]
ANSWER = {"From": "+12025550100", "To": "+15005550006", "Body": "退订"}


async def test_an_answer_of_a_person_is_posted_signed_with_the_vendors_fields(
    http: aiohttp.ClientSession,
    hook: str,
    calls: asyncio.Queue[web.Request],
    account: Account,
) -> None:
    form = ANSWER | {"Url": f"{hook}?kind=inbound#rc=2"}
    async with http.post("/_sandbox/inbound", data=form) as answer:
        told = await answer.json()
    assert told["result"] == "204"
    request = await asyncio.wait_for(calls.get(), 30)
    fields = await request.post()
    validator = RequestValidator(account.auth_token)
    signature = request.headers["X-Twilio-Signature"]
    assert validator.validate(f"{hook}?kind=inbound", fields, signature)
    assert dict(fields) == {
        "AccountSid": account.sid,
        "ApiVersion": "2010-04-01",
        "Body": "退订",
        "From": "+12025550100",
        "FromCity": "",
        "FromCountry": "US",
        "FromState": "",
        "FromZip": "",
        "MessageSid": told["sid"],
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": told["sid"],
        "SmsSid": told["sid"],
        "SmsStatus": "received",
        "To": "+15005550006",
        "ToCity": "",
        "ToCountry": "US",
        "ToState": "",
        "ToZip": "",
    }


async def test_an_answer_is_a_message_of_its_own_on_the_phones_screen(
    http: aiohttp.ClientSession, send: Send, hook: str
) -> None:
    await send(To="+12025550100", Body="Reply R to opt out.")
    form = ANSWER | {"Url": hook}
    async with http.post("/_sandbox/inbound", data=form) as answer:
        sid = (await answer.json())["sid"]
    async with http.get(f"Messages/{sid}.json") as answer:
        shape = await answer.json()
    assert (shape["direction"], shape["status"]) == ("inbound", "received")
    async with http.get("/phones/%2B12025550100") as answer:
        text = await answer.text()
    assert text.index("Reply R to opt out.") < text.index("退订")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, "inbound: missing From, To, Body, Url; send them as form fields"),
        (ANSWER, "inbound: missing Url; send them as form fields"),
        (
            ANSWER | {"Url": "nowhere"},
            "inbound: Url: found nowhere, expected http://… or https://…",
        ),
    ],
)
async def test_an_inbound_text_with_missing_fields_names_them(
    http: aiohttp.ClientSession, form: dict[str, str], expected: str
) -> None:
    async with http.post("/_sandbox/inbound", data=form) as answer:
        assert answer.status == 400
        assert await answer.text() == expected
    async with http.get("/_sandbox/messages") as answer:
        assert await answer.json() == []


async def test_the_control_api_has_the_raw_form_and_every_status(
    http: aiohttp.ClientSession, send: Send, hook: str, calls: asyncio.Queue[object]
) -> None:
    await send(To="+12025550100", StatusCallback=hook + "#rc=5", Odd="1")
    for _ in ("sent", "delivered"):
        await asyncio.wait_for(calls.get(), 30)
    async with http.get("/_sandbox/messages") as answer:
        [told] = await answer.json()
    assert told["statuses"] == ["queued", "sent", "delivered"]
    assert told["status_callback"] == hook + "#rc=5"
    assert ["Odd", "1"] in told["form"]
