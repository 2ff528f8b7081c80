from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from twilio.rest import Client

from service.sandbox.api.list_pages import find_page
from service.sandbox.client import SandboxClient
from service.sandbox.event_log import EventLog
from service.sandbox.faults import Ending, Unlisted
from service.sandbox.messages.messages import MessageLog

pytestmark = pytest.mark.filterwarnings("ignore:.*auth:DeprecationWarning")
Send = Callable[..., Awaitable[Mapping[str, Any]]]
Hear = Callable[[], Awaitable[Mapping[str, Any]]]
Reopen = Callable[[], Awaitable[aiohttp.ClientSession]]


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        (("sent", "undelivered"), 30003, [("sent", None), ("undelivered", "30003")]),
        (("failed",), 30410, [("failed", "30410")]),
        (("sending", "sent"), None, [("sending", None), ("sent", None)]),
        (("delivered", "read"), None, [("delivered", None), ("read", None)]),
        (("partially_delivered",), 30003, [("partially_delivered", None)]),
        (("undelivered", "x"), 30008, [("undelivered", "30008"), ("x", None)]),
    ],
)
async def test_a_message_passes_through_the_statuses_of_its_fault(
    *,
    sandbox: SandboxClient,
    send: Send,
    hook: str,
    hear: Hear,
    path: tuple[str, ...],
    code: int | None,
    told: list[tuple[str, str | None]],
) -> None:
    await sandbox.put(Ending(path=path, code=code))
    await send(To="+12025550194", StatusCallback=hook)
    forms = [await hear() for _ in told]
    heard = {form["MessageStatus"]: form.get("ErrorCode") for form in forms}
    assert heard == dict(told)
    [one] = await sandbox.messages()
    assert one["statuses"] == ["queued", *path]


async def test_an_unknown_error_code_names_the_vendor_s_page(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear, twilio: Client
) -> None:
    await sandbox.put(Ending(path=("failed",), code=30410))
    sid = (await send(To="+12025550100", StatusCallback=hook))["sid"]
    assert (await hear())["ErrorMessage"] == "see twilio.com/docs/api/errors/30410"
    found = await twilio.messages(sid).fetch_async()
    assert (found.status, found.error_code) == ("failed", 30410)


async def test_the_inbox_shows_an_unknown_status(
    http: aiohttp.ClientSession,
    sandbox: SandboxClient,
    send: Send,
    hook: str,
    hear: Hear,
) -> None:
    await sandbox.put(Ending(path=("undelivered", "teleported"), code=30450))
    await send(To="+12025550100", StatusCallback=hook)
    while (await hear())["MessageStatus"] != "teleported":
        pass
    for path in ("/", "/phones/%2B12025550100"):
        async with http.get(path) as answer:
            assert "teleported" in await answer.text()


async def test_a_restart_goes_on_to_the_end_a_message_was_given(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear, reopen: Reopen
) -> None:
    await sandbox.put(Ending(path=("delivered", "read")))
    service = {"From": "", "MessagingServiceSid": "MG" + "0" * 32}
    await send(To="+12025550194", StatusCallback=hook, **service)
    for _ in ("queued", "delivered", "read"):
        await hear()
    http = await reopen()
    async with http.get("Messages.json") as answer:
        [one] = (await answer.json())["messages"]
    assert one["status"] == "read"


async def test_of_two_endings_the_first_in_the_list_counts(
    sandbox: SandboxClient, send: Send, hook: str, hear: Hear
) -> None:
    await sandbox.put(Ending(path=("read",), times=1), Ending(path=("x",)))
    for status in ("read", "x"):
        await send(To="+12025550100", StatusCallback=hook)
        assert (await hear())["MessageStatus"] == status


async def test_a_refused_message_meets_no_ending(
    http: aiohttp.ClientSession, sandbox: SandboxClient
) -> None:
    await sandbox.put(Ending(path=("read",)))
    form = {"To": "+15005550004", "From": "+12025550000", "Body": "a"}
    async with http.post("Messages.json", data=form) as answer:
        assert answer.status == 400
    assert (await sandbox.faults())[0]["met"] == 0


async def test_a_message_that_is_listed_late_can_be_fetched_at_once(
    sandbox: SandboxClient, send: Send, twilio: Client
) -> None:
    await sandbox.put(Unlisted(seconds=3600, times=1))
    late = (await send(To="+12025550100"))["sid"]
    soon = (await send(To="+12025550100"))["sid"]
    listed = await twilio.messages.list_async(to="+12025550100")
    assert [one.sid for one in listed] == [soon]
    assert (await twilio.messages(late).fetch_async()).sid == late
    assert {one["sid"] for one in await sandbox.messages()} == {late, soon}


async def test_a_message_that_is_listed_late_is_listed_in_the_end(
    sandbox: SandboxClient, send: Send, tmp_path: Path
) -> None:
    await sandbox.put(Unlisted(seconds=3600))
    sid = (await send(To="+12025550100"))["sid"]
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((tmp_path / "messages.jsonl").read_bytes())
    journal = EventLog(copy)
    messages = MessageLog(journal)
    now = datetime.now(UTC)  # noqa: TID251 # it has a clock
    found = [
        [one.sid for one in find_page(messages, {}, now + later).messages]
        for later in (timedelta(minutes=59), timedelta(minutes=61))
    ]
    journal.close()
    assert found == [[], [sid]]
