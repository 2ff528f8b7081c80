from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest

from service.sandbox.client import SandboxClient
from service.sandbox.faults import StuckQueue
from tests.sandbox.client import sandbox_client

Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]
Reopen = Callable[[], Awaitable[aiohttp.ClientSession]]
SERVICE = "MG" + "0" * 32


async def statuses(sandbox: SandboxClient) -> list[str]:
    """Return the statuses of the only message."""
    [one] = await sandbox.messages()
    told: list[str] = one["statuses"]
    return told


async def test_a_validity_period_that_runs_out_in_the_queue_ends_a_message(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(StuckQueue(seconds=3600))
    await send(To="+12025550100", ValidityPeriod="1", StatusCallback=hook)
    form = await hear()
    assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", "30036")
    assert form["ErrorMessage"] == "its ValidityPeriod ran out in the queue"
    assert await statuses(sandbox) == ["queued", "failed"]


async def test_one_from_a_service_waits_and_ends_in_the_same_queue(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(StuckQueue(seconds=3600))
    sent_by = {"From": "", "MessagingServiceSid": SERVICE}
    await send(To="+12025550100", **sent_by, ValidityPeriod="1", StatusCallback=hook)
    assert [(await hear())["MessageStatus"] for _ in range(2)] == ["queued", "failed"]
    assert await statuses(sandbox) == ["accepted", "queued", "failed"]


@pytest.mark.parametrize("validity", ["", "36000"])
async def test_a_stuck_message_is_queued_and_has_no_date(
    http: aiohttp.ClientSession, sandbox: SandboxClient, send: Send, validity: str
) -> None:
    await sandbox.put(StuckQueue(seconds=3600))
    made = await send(To="+12025550100", ValidityPeriod=validity)
    async with http.get(f"Messages/{made['sid']}.json") as answer:
        found = await answer.json()
    assert (found["status"], found["date_sent"]) == ("queued", None)


async def test_a_message_that_leaves_the_queue_in_time_is_delivered(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(StuckQueue(seconds=0.01))
    await send(To="+12025550190", ValidityPeriod="60", StatusCallback=hook)
    assert {(await hear())["MessageStatus"] for _ in range(2)} == {
        "sent",
        "undelivered",
    }


async def test_a_restart_releases_no_message_from_the_queue(
    sandbox: SandboxClient, send: Send, reopen: Reopen, hook: str, hear: Hear
) -> None:
    await sandbox.put(StuckQueue(seconds=3600))
    await send(To="+12025550100", ValidityPeriod="1", StatusCallback=hook)
    again = sandbox_client(await reopen())
    assert (await hear())["ErrorCode"] == "30036"
    assert await statuses(again) == ["queued", "failed"]
    once_more = sandbox_client(await reopen())
    assert await statuses(once_more) == ["queued", "failed"]
