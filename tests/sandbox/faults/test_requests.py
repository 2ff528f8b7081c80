from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from service.sandbox.client import SandboxClient, read_log
from service.sandbox.faults import (
    Broken,
    Busy,
    Fault,
    Refusal,
    Reset,
)
from tests.sandbox.client import FORM, create, events

pytestmark = pytest.mark.filterwarnings("ignore:.*auth:DeprecationWarning")
Send = Callable[..., Awaitable[Mapping[str, Any]]]
ONE = "Messages/SM" + "0" * 32 + ".json"


async def test_a_busy_account_says_so_as_the_vendor_does(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path
) -> None:
    await sandbox.put(Busy(retry_after=3, times=1))
    async with http.post("Messages.json", data=FORM) as answer:
        assert (answer.status, (await answer.json())["code"]) == (429, 20429)
        assert answer.headers["Retry-After"] == "3"
        assert answer.headers["Twilio-Concurrent-Requests"] == "1"
    assert await sandbox.messages() == []
    assert (await create(http))[0] == 201
    assert events(tmp_path) == ["busy", "created"]


async def test_without_retry_after_there_is_no_such_header(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(Busy())
    async with http.post("Messages.json", data=FORM) as answer:
        assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Refusal(code=20003), 401, 20003),
        (Refusal(code=21910), 400, 21910),
        (Refusal(code=20003, status=403), 403, 20003),
        (Refusal(code=21610, phone=FORM["To"]), 400, 21610),
        (Refusal(code=21211, body="Renew"), 400, 21211),
        (Broken(), 500, 20500),
        (Broken(status=503), 503, 20503),
        (Broken(status=599), 599, 20500),
    ],
)
async def test_a_refusal_reaches_the_vendors_client(
    twilio: Client, sandbox: SandboxClient, fault: Fault, status: int, code: int
) -> None:
    await sandbox.put(fault)
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages.create_async(
            to=FORM["To"], from_=FORM["From"], body=FORM["Body"]
        )
    assert (refused.value.status, refused.value.code) == (status, code)
    assert await sandbox.messages() == []


@pytest.mark.parametrize(
    "change", [{"To": "+12025550101"}, {"Body": "Your permit expires."}]
)
async def test_a_refusal_of_one_number_or_text_leaves_the_others(
    http: aiohttp.ClientSession, sandbox: SandboxClient, change: dict[str, str]
) -> None:
    await sandbox.put(Refusal(code=21610, phone=FORM["To"], body="^Renew"))
    assert (await create(http))[0] == 400
    assert (await create(http, **change))[0] == 201


@pytest.mark.parametrize(
    ("status", "phrase"), [(502, "Bad Gateway"), (504, "Gateway"), (599, "Error")]
)
async def test_a_gateway_in_trouble_answers_in_html(
    http: aiohttp.ClientSession, sandbox: SandboxClient, status: int, phrase: str
) -> None:
    await sandbox.put(Broken(status=status, html=True))
    async with http.post("Messages.json", data=FORM) as answer:
        assert (answer.status, answer.content_type) == (status, "text/html")
        assert f"{status} {phrase}" in await answer.text()


@pytest.mark.parametrize("html", [False, True])
async def test_a_message_may_be_taken_behind_an_error(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path, *, html: bool
) -> None:
    await sandbox.put(Broken(html=html, taken=True))
    assert (await create(http))[0] == 500
    [taken] = await sandbox.messages()
    assert events(tmp_path) == ["created", "broken"]
    [line] = [one for one in read_log(tmp_path) if one["event"] == "fault"]
    assert (line["on"], line["sid"]) == ("create", taken["sid"])


async def test_what_is_wrong_with_a_message_is_wrong_behind_an_error_too(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path
) -> None:
    await sandbox.put(Broken(taken=True))
    assert (await create(http, To="+15005550001"))[0] == 500
    assert await sandbox.messages() == []
    assert events(tmp_path) == ["refused", "broken"]


async def test_a_reset_takes_nothing(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path
) -> None:
    await sandbox.put(Reset(times=1))
    with pytest.raises(aiohttp.ClientOSError, match="reset"):
        await create(http)
    assert await sandbox.messages() == []
    assert (await create(http))[0] == 201
    [line] = [one for one in read_log(tmp_path) if one["event"] == "fault"]
    assert (line["fault"], line["sid"]) == ("reset", None)
    assert ["Body", "Renew soon."] in line["form"]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "Messages.json", "list"),
        ("GET", ONE, "fetch"),
        ("POST", ONE, "update"),
        ("DELETE", ONE, "delete"),
    ],
)
async def test_other_requests_are_struck_when_they_are_named(
    http: aiohttp.ClientSession,
    sandbox: SandboxClient,
    method: str,
    path: str,
    kind: str,
) -> None:
    await sandbox.put(Busy(on=(kind,)))
    assert (await create(http))[0] == 201
    async with http.request(method, path) as answer:
        assert answer.status == 429


async def test_a_list_or_a_fetch_is_aimed_at_by_its_phone_too(
    http: aiohttp.ClientSession, sandbox: SandboxClient, send: Send
) -> None:
    sids = {to: (await send(To=to))["sid"] for to in ("+12025550100", "+12025550101")}
    await sandbox.put(Broken(on=("list", "fetch"), phone="+12025550101"))
    for to, status in [("+12025550100", 200), ("+12025550101", 500)]:
        async with http.get("Messages.json", params={"To": to}) as answer:
            assert answer.status == status
        async with http.get(f"Messages/{sids[to]}.json") as answer:
            assert answer.status == status


async def test_the_first_fault_of_the_list_is_the_outermost(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(Refusal(code=20003, times=1), Busy(times=1))
    assert [(await create(http))[0] for _ in range(3)] == [401, 429, 201]
    assert [one["met"] for one in await sandbox.faults()] == [1, 1]


async def test_an_unauthenticated_request_meets_no_fault(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(Busy())
    async with http.post(
        "Messages.json", data=FORM, headers={"Authorization": "Basic eDp5"}
    ) as answer:
        assert answer.status == 401
    assert [one["met"] for one in await sandbox.faults()] == [0]
