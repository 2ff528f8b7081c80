import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from service.sandbox.client import SandboxClient, read_log
from service.sandbox.faults import (
    DuplicatedCallbacks,
    Ending,
    LateCallbacks,
    LostCallbacks,
    ShuffledCallbacks,
)
from tests.sandbox.client import create

Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]
Calls = asyncio.Queue[web.Request]
Reopen = Callable[[], Awaitable[aiohttp.ClientSession]]
LONG = ("sent", "delivered", "read", "teleported")


async def statuses(hear: Hear, count: int) -> list[str]:
    return [(await hear())["MessageStatus"] for _ in range(count)]


async def test_a_duplicated_callback_is_signed_and_comes_as_often_as_was_asked(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(DuplicatedCallbacks(copies=3))
    await send(To="+12025550100", StatusCallback=hook)
    assert Counter(await statuses(hear, 6)) == {"sent": 3, "delivered": 3}


async def test_only_the_callbacks_of_one_phone_are_duplicated(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(DuplicatedCallbacks(phone="+12025550194"))
    await send(To="+12025550194", StatusCallback=hook)
    await send(To="+12025550100", StatusCallback=hook)
    heard = Counter(await statuses(hear, 4))
    assert heard == {"failed": 2, "sent": 1, "delivered": 1}


async def orders(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear, seed: int
) -> list[tuple[str, ...]]:
    """Return the callbacks of five messages, sent one after the other."""
    await sandbox.put(Ending(path=LONG), ShuffledCallbacks(seed=seed))
    found = []
    for _ in range(5):
        await send(To="+12025550100", StatusCallback=hook)
        found.append(tuple(await statuses(hear, len(LONG))))
    return found


async def test_shuffled_callbacks_all_come_in_an_order_the_seed_chooses(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    first = await orders(sandbox, send, hook, hear, seed=1)
    assert first == await orders(sandbox, send, hook, hear, seed=1)
    assert first != await orders(sandbox, send, hook, hear, seed=2)
    assert {tuple(sorted(one)) for one in first} == {tuple(sorted(LONG))}
    assert set(first) != {LONG}


async def test_duplicated_callbacks_are_shuffled_one_by_one(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(DuplicatedCallbacks(copies=2), ShuffledCallbacks())
    for _ in range(3):
        await send(To="+12025550100", StatusCallback=hook)
        assert Counter(await statuses(hear, 4)) == {"sent": 2, "delivered": 2}


async def test_a_message_that_stays_sent_releases_its_shuffled_callbacks(
    sandbox: SandboxClient,
    send: Send,
    hook: str,
    hear: Hear,
) -> None:
    await sandbox.put(ShuffledCallbacks())
    await send(To="+12025550195", StatusCallback=hook)
    assert await statuses(hear, 1) == ["sent"]


async def test_a_lost_callback_never_comes_not_even_after_a_restart(
    *,
    sandbox: SandboxClient,
    send: Send,
    hook: str,
    hear: Hear,
    calls: Calls,
    reopen: Reopen,
    tmp_path: Path,
) -> None:
    await sandbox.put(LostCallbacks(times=2))
    lost = (await send(To="+12025550100", StatusCallback=hook))["sid"]
    while (await sandbox.faults())[0]["struck"] < 2:
        pass
    told = (await sandbox.messages())[0]
    assert (told["called_back"], told["withheld"]) == ([], ["delivered", "sent"])
    http = await reopen()
    await create(http, To="+12025550194", StatusCallback=hook)
    assert (await hear())["MessageStatus"] == "failed"
    assert calls.empty()
    assert [one["sid"] for one in read_log(tmp_path) if one["event"] == "withheld"] == [
        lost,
        lost,
    ]


async def test_the_final_callback_alone_can_be_lost(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(LostCallbacks(every=2))
    await send(To="+12025550100", StatusCallback=hook)
    assert await statuses(hear, 1) == ["sent"]
    while (await sandbox.messages())[0]["withheld"] != ["delivered"]:
        pass


async def test_a_late_callback_waits_until_its_fault_is_lifted(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear, calls: Calls
) -> None:
    await sandbox.put(LateCallbacks(seconds=3600, phone="+12025550194"))
    late = (await send(To="+12025550194", StatusCallback=hook))["sid"]
    soon = (await send(To="+12025550195", StatusCallback=hook))["sid"]
    assert (await hear())["MessageSid"] == soon
    assert calls.empty()
    await sandbox.clear()
    assert (await hear())["MessageSid"] == late


async def test_clearing_the_faults_posts_every_late_copy_at_once(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    late = LateCallbacks(seconds=3000, upto=3600)
    await sandbox.put(DuplicatedCallbacks(copies=3), late, ShuffledCallbacks())
    await send(To="+12025550194", StatusCallback=hook)
    while not (await sandbox.faults())[-1]["struck"]:
        pass
    await sandbox.clear()
    assert await statuses(hear, 3) == ["failed"] * 3


async def test_a_late_callback_comes_after_a_restart(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear, reopen: Reopen
) -> None:
    await sandbox.put(LateCallbacks(seconds=3000, upto=3600))
    await send(To="+12025550194", StatusCallback=hook)
    while not (await sandbox.faults())[0]["struck"]:
        pass
    await reopen()
    assert await statuses(hear, 1) == ["failed"]


async def test_a_little_late_is_late_only_a_little(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(LateCallbacks(seconds=0.001))
    await send(To="+12025550194", StatusCallback=hook)
    assert await statuses(hear, 1) == ["failed"]


async def test_what_a_phone_writes_can_be_lost_and_duplicated_too(
    sandbox: SandboxClient, hook: str, hear: Hear, calls: Calls
) -> None:
    await sandbox.put(
        LostCallbacks(on=("inbound",), body="^STOP$"),
        DuplicatedCallbacks(on=("status", "inbound")),
    )
    answer = ("+12025550100", "+15005550006")
    assert await sandbox.text(*answer, "STOP", hook) == "lost"
    assert calls.empty()
    assert await sandbox.text(*answer, "START", hook) == "204"
    heard = [await hear(), await hear()]
    assert heard[0] == heard[1]


async def test_what_a_phone_writes_is_not_struck_by_what_is_aimed_at_statuses(
    sandbox: SandboxClient, hook: str
) -> None:
    await sandbox.put(LostCallbacks())
    answer = ("+12025550100", "+15005550006", "STOP")
    assert await sandbox.text(*answer, hook) == "204"
