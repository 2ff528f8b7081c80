from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError
from twilio.rest import Client

from service.sandbox.client import SandboxClient
from service.sandbox.faults import HiddenMessages, RewrittenNumbers
from tests.sandbox.client import events

pytestmark = pytest.mark.filterwarnings("ignore:.*auth:DeprecationWarning")
Send = Callable[..., Awaitable[Mapping[str, Any]]]

HERE, ABROAD = "+12025550100", "+442025550100"


async def test_a_list_leaves_out_one_country_while_the_fault_is_on(
    sandbox: SandboxClient, send: Send, twilio: Client, tmp_path: Path
) -> None:
    here, abroad = (await send(To=HERE))["sid"], (await send(To=ABROAD))["sid"]
    await sandbox.put(HiddenMessages(prefix="+1"))
    assert [one.sid for one in await twilio.messages.list_async()] == [abroad]
    assert await twilio.messages.list_async(to=HERE) == []
    assert (await twilio.messages(here).fetch_async()).sid == here
    assert len(await sandbox.messages()) == 2
    assert events(tmp_path)[-2:] == ["hidden-messages", "hidden-messages"]
    await sandbox.clear()
    assert [one.sid for one in await twilio.messages.list_async()] == [abroad, here]


async def test_a_list_that_hides_all_numbers_is_empty_and_well_formed(
    http: aiohttp.ClientSession, sandbox: SandboxClient, send: Send
) -> None:
    await send(To=HERE)
    await sandbox.put(HiddenMessages())
    async with http.get("Messages.json") as answer:
        told = await answer.json()
    assert (answer.status, told["messages"]) == (200, [])
    assert told["next_page_uri"] is None


@pytest.mark.parametrize(("instead", "shown"), [("", "2025550100"), ("+44", ABROAD)])
async def test_a_list_shows_and_finds_numbers_as_it_rewrites_them(
    *, sandbox: SandboxClient, send: Send, twilio: Client, instead: str, shown: str
) -> None:
    sid = (await send(To=HERE))["sid"]
    await sandbox.put(RewrittenNumbers(prefix="+1", instead=instead))
    assert await twilio.messages.list_async(to=HERE) == []
    [one] = await twilio.messages.list_async(to=shown)
    assert (one.sid, one.to) == (sid, shown)
    assert (await twilio.messages(sid).fetch_async()).to == HERE


async def test_pages_of_a_list_that_lies_fit_together(
    sandbox: SandboxClient, send: Send, twilio: Client
) -> None:
    sids = [(await send(To=to))["sid"] for to in (HERE, ABROAD) * 3]
    await sandbox.put(HiddenMessages(prefix="+1"), RewrittenNumbers(prefix="+44"))
    listed = await twilio.messages.list_async(page_size=2)
    assert [one.sid for one in listed] == sids[::-2]
    assert {one.to for one in listed} == {"2025550100"}


async def test_a_list_lies_as_often_as_it_should(
    sandbox: SandboxClient, send: Send, twilio: Client
) -> None:
    await send(To=HERE)
    await sandbox.put(HiddenMessages(phone=HERE, times=1))
    asked: list[dict[str, str]] = [{}, {"to": HERE}, {"to": HERE}]
    found = [len(await twilio.messages.list_async(**query)) for query in asked]
    assert found == [1, 0, 1]


def test_a_prefix_is_the_beginning_of_a_number() -> None:
    for wrong in ("1", "", "+1x", "+1234567890123456"):
        with pytest.raises(ValidationError):
            HiddenMessages(prefix=wrong)
