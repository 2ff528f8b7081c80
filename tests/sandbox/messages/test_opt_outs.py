import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest

from service.sandbox.client import SandboxClient
from tests.sandbox.client import FORM, create, sandbox_client

Hear = Callable[[], Awaitable[Mapping[str, Any]]]
Reopen = Callable[[], Awaitable[aiohttp.ClientSession]]
PHONE, OURS = FORM["To"], FORM["From"]
SERVICE = "MG" + "0" * 32
POOL = "+15005550006"


async def taken(http: aiohttp.ClientSession, **change: str) -> bool:
    """Return whether a message is accepted; otherwise it must be refused with 21610."""
    status, body = await create(http, **change)
    if status == 201:
        return True
    assert (status, json.loads(body)["code"]) == (400, 21610)
    return False


@pytest.mark.parametrize(
    ("words", "after"),
    [
        (["STOP"], False),
        ([" stop\n"], False),
        (["Unsubscribe"], False),
        (["REVOKE"], False),
        (["stop please"], True),
        (["退订"], True),
        (["HELP"], True),
        (["STOP", "hello"], False),
        (["STOP", "HELP"], False),
        (["STOP", "Start"], True),
        (["STOP", "yes", "END"], False),
    ],
)
async def test_a_phone_that_wrote_stop_is_not_written_to_until_start(
    http: aiohttp.ClientSession,
    sandbox: SandboxClient,
    hook: str,
    words: list[str],
    *,
    after: bool,
) -> None:
    for word in words:
        assert await sandbox.text(PHONE, OURS, word, hook) == "204"
    assert await taken(http) == after
    assert await taken(http, To="+12025550142")


async def test_it_holds_for_the_number_it_was_written_to(
    http: aiohttp.ClientSession, sandbox: SandboxClient, hook: str
) -> None:
    await sandbox.text(PHONE, POOL, "STOP", hook)
    assert await taken(http)
    assert not await taken(http, From=POOL)
    assert not await taken(http, From="", MessagingServiceSid=SERVICE)


async def test_it_holds_after_a_restart(
    sandbox: SandboxClient, reopen: Reopen, hook: str
) -> None:
    await sandbox.text(PHONE, OURS, "STOP", hook)
    again = await reopen()
    assert not await taken(again)
    await sandbox_client(again).text(PHONE, OURS, "UNSTOP", hook)
    assert await taken(await reopen())


async def test_a_refusal_stands_in_the_log_and_no_message_does(
    http: aiohttp.ClientSession, sandbox: SandboxClient, hook: str
) -> None:
    await sandbox.text(PHONE, OURS, "STOP", hook)
    assert not await taken(http)
    [inbound] = await sandbox.messages()
    assert inbound["direction"] == "inbound"


@pytest.mark.parametrize("wish", ["STOP", "START", "HELP"])
async def test_advanced_opt_out_says_what_its_own_keywords_made_of_a_text(
    sandbox: SandboxClient, hook: str, hear: Hear, wish: str
) -> None:
    await sandbox.text(PHONE, OURS, "退订", hook, wish)
    form = await hear()
    assert (form["Body"], form["OptOutType"]) == ("退订", wish)


async def test_a_text_has_no_opt_out_type_unless_requested(
    sandbox: SandboxClient, hook: str, hear: Hear
) -> None:
    await sandbox.text(PHONE, OURS, "STOP", hook)
    assert "OptOutType" not in await hear()


async def test_advanced_opt_out_blocks_by_its_own_keywords_alone(
    http: aiohttp.ClientSession, sandbox: SandboxClient, hook: str
) -> None:
    await sandbox.text(PHONE, OURS, "退订", hook, "STOP")
    assert not await taken(http)
    await sandbox.text(PHONE, OURS, "恢复", hook, "START")
    assert await taken(http)


async def test_an_unknown_opt_out_type_is_named(
    http: aiohttp.ClientSession, hook: str
) -> None:
    form = {"From": PHONE, "To": OURS, "Body": "x", "Url": hook, "OptOutType": "stop"}
    async with http.post("/_sandbox/inbound", data=form) as answer:
        assert answer.status == 400
        told = await answer.text()
    assert told == "inbound: OptOutType: found stop, expected STOP, START, HELP"
