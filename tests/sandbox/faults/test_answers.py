import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from service.sandbox.client import SandboxClient, read_log
from service.sandbox.faults import (
    BloatedAnswer,
    EndlessHeaders,
    Fault,
    LostAnswer,
    TruncatedAnswer,
    WrongSid,
)
from tests.sandbox.client import FORM, create, sandbox_client

Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]
REFUSED = "+15005550004"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (LostAnswer(), aiohttp.ServerDisconnectedError),
        (LostAnswer(cut="middle"), aiohttp.ClientPayloadError),
        (EndlessHeaders(megabytes=1), aiohttp.ClientError),
    ],
)
async def test_an_answer_is_lost_but_its_message_is_taken_logged_and_called_back(
    *,
    http: aiohttp.ClientSession,
    sandbox: SandboxClient,
    hook: str,
    hear: Hear,
    tmp_path: Path,
    fault: Fault,
    error: type[Exception],
) -> None:
    await sandbox.put(fault)
    with pytest.raises(error):
        await create(http, StatusCallback=hook)
    [taken] = await sandbox.messages()
    assert (await hear())["MessageSid"] == taken["sid"]
    lines = [one for one in read_log(tmp_path) if one["event"] in {"created", "fault"}]
    assert [one["event"] for one in lines] == ["created", "fault"]
    assert {one["sid"] for one in lines} == {taken["sid"]}
    assert lines[0]["at"] <= lines[1]["at"]


@pytest.mark.parametrize(
    "fault", [LostAnswer(), LostAnswer(cut="middle"), EndlessHeaders(megabytes=1)]
)
async def test_a_refusal_can_be_lost_as_well(
    http: aiohttp.ClientSession, sandbox: SandboxClient, fault: Fault
) -> None:
    await sandbox.put(fault)
    with pytest.raises(aiohttp.ClientError):
        await create(http, To=REFUSED)
    assert await sandbox.messages() == []


async def test_a_truncated_answer_is_whole_for_http_and_broken_as_json(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(TruncatedAnswer())
    async with http.post("Messages.json", data=FORM) as answer:
        assert (answer.status, answer.content_type) == (201, "application/json")
        text = await answer.text()
    assert text.startswith('{"account_sid"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert len(await sandbox.messages()) == 1


async def test_a_bloated_answer_is_right_but_for_its_size(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(BloatedAnswer())
    shape = json.loads((await create(http))[1])
    assert len(shape.pop("padding")) == 10_000_000
    [taken] = await sandbox.messages()
    assert shape["sid"] == taken["sid"]


async def test_endless_headers_outgrow_any_limit_a_client_has(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(EndlessHeaders(megabytes=2))
    with pytest.raises(aiohttp.ClientError):
        await create(http)
    await sandbox.clear()
    assert json.loads((await create(http))[1])["status"] == "queued"


async def test_a_wrong_sid_is_the_one_of_the_message_before(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    before = json.loads((await create(http))[1])["sid"]
    await sandbox.put(WrongSid())
    shape = json.loads((await create(http))[1])
    assert shape["sid"] == before
    assert before in shape["uri"]
    assert len({one["sid"] for one in await sandbox.messages()}) == 2


async def test_a_wrong_sid_without_another_message_is_made_up_and_the_seed_chooses(
    reopen: Callable[[], Awaitable[aiohttp.ClientSession]],
    tmp_path: Path,
) -> None:
    made_up = []
    for _ in range(2):
        http = await reopen()
        await sandbox_client(http).put(WrongSid(seed=7))
        made_up.append(json.loads((await create(http))[1])["sid"])
        (tmp_path / "messages.jsonl").unlink()
    assert made_up[0] == made_up[1]
    assert len(made_up[0]) == 34


async def test_a_fetch_can_answer_for_another_message(
    http: aiohttp.ClientSession, sandbox: SandboxClient, send: Send
) -> None:
    first, second = (
        (await send(To="+12025550100"))["sid"],
        (await send(To="+12025550101"))["sid"],
    )
    await sandbox.put(WrongSid(on=("fetch",)))
    async with http.get(f"Messages/{first}.json") as answer:
        assert (await answer.json())["sid"] == second


@pytest.mark.parametrize("fault", [BloatedAnswer(on=("delete",)), WrongSid()])
async def test_what_has_no_place_for_a_fault_stays_as_it_is(
    http: aiohttp.ClientSession, sandbox: SandboxClient, send: Send, fault: Fault
) -> None:
    sid = (await send(To="+12025550195"))["sid"]
    while (await sandbox.messages())[0]["status"] != "sent":
        pass
    await sandbox.put(fault)
    async with http.delete(f"Messages/{sid}.json") as answer:
        assert (answer.status, await answer.read()) == (204, b"")
    assert json.loads((await create(http, To=REFUSED))[1])["code"] == 21610
