import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from service.sandbox.client import SandboxClient, read_log
from service.sandbox.faults import (
    Broken,
    Busy,
    Fault,
    Hang,
    LostAnswer,
    Reset,
    TruncatedAnswer,
    WrongSid,
)
from tests.sandbox.client import FORM, create, sandbox_client

Reopen = Callable[[], Awaitable[aiohttp.ClientSession]]
EVERYTHING: list[Fault] = [
    Busy(share=0.2, seed=1),
    Reset(share=0.1, seed=2),
    Broken(share=0.1, seed=3, taken=True),
    Broken(share=0.1, seed=4, html=True),
    Hang(share=0.1, seed=5, seconds=0),
    Hang(share=0.1, seed=6, seconds=0, taken=True),
    LostAnswer(share=0.2, seed=7),
    LostAnswer(share=0.2, seed=8, cut="middle"),
    TruncatedAnswer(share=0.1, seed=9),
    WrongSid(share=0.1, seed=10),
]


async def attempt(http: aiohttp.ClientSession, number: int) -> str:
    """Send one message; return what the client receives."""
    form = {"To": f"+120255501{number % 90:02}", "From": "+12025550000"}
    try:
        async with http.post(
            "Messages.json", data=form | {"Body": str(number)}
        ) as answer:
            told = await answer.json()
            return "yes" if answer.status == 201 else f"no {told['code']}"
    except (aiohttp.ClientError, ValueError) as error:
        return type(error).__name__


def taken(log: list[Mapping[str, Any]]) -> Counter[int]:
    return Counter(int(one["body"]) for one in log if one["event"] == "created")


async def test_the_log_is_right_about_every_message_whatever_the_clients_received(
    http: aiohttp.ClientSession,
    sandbox: SandboxClient,
    reopen: Reopen,
    tmp_path: Path,
) -> None:
    await sandbox.put(*EVERYTHING)
    learnt = await asyncio.gather(*(attempt(http, n) for n in range(200)))
    log = [*read_log(tmp_path)]
    found = taken(log)
    assert set(found.values()) == {1}
    assert {n for n, word in enumerate(learnt) if word == "yes"} <= {*found}
    assert not {n for n, word in enumerate(learnt) if word == "no 20429"} & {*found}
    unsure = {n for n, word in enumerate(learnt) if not word.startswith(("yes", "no"))}
    assert unsure & {*found}
    assert unsure - {*found}
    struck = {one["fault"]: 0 for one in await sandbox.faults()}
    for one in await sandbox.faults():
        struck[one["fault"]] += one["struck"]
    assert min(struck.values()) > 0
    assert struck == Counter(one["fault"] for one in log if one["event"] == "fault")
    again = await reopen()
    truth = await sandbox_client(again).messages()
    assert Counter(int(one["body"]) for one in truth) == found


async def test_the_log_names_the_message_whose_answer_was_spoilt(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path
) -> None:
    await sandbox.put(*EVERYTHING)
    await asyncio.gather(*(attempt(http, n) for n in range(100)))
    sids = {one["sid"]: one["form"] for one in read_log(tmp_path) if "body" in one}
    faults = [one for one in read_log(tmp_path) if one["event"] == "fault"]
    for one in faults:
        assert one["sid"] is None or sids[one["sid"]] == one["form"]
    without = {one["fault"] for one in faults if one["sid"] is None}
    assert without == {"busy", "reset", "broken", "hang"}


def test_a_log_being_written_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    (tmp_path / "messages.jsonl").write_bytes(b'{"event":"refused"}\n{"event":"cr')
    assert read_log(tmp_path) == [{"event": "refused"}]


@pytest.mark.parametrize("moment", range(4))
async def test_a_client_that_dies_at_any_moment_leaves_a_log_that_is_right(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path, moment: int
) -> None:
    await sandbox.put(Hang(share=0.3, seed=moment, taken=True))
    clients = [asyncio.create_task(attempt(http, n)) for n in range(40)]
    dice = random.Random(moment)  # noqa: S311 - to be repeated
    while any(not one.done() for one in clients):
        told = await sandbox.messages()
        dice.choice(clients).cancel()
        assert {int(one["body"]) for one in told} <= {*taken([*read_log(tmp_path)])}
    done = [one for one in clients if not one.cancelled()]
    answered = {
        n for n, one in enumerate(clients) if one in done and one.result() == "yes"
    }
    assert answered <= {*taken([*read_log(tmp_path)])}


async def test_a_line_cut_short_was_never_answered_for_and_is_dropped(
    reopen: Callable[[], Awaitable[aiohttp.ClientSession]], tmp_path: Path
) -> None:
    first = await reopen()
    sid = json.loads((await create(first, To="+12025550195"))[1])["sid"]
    while len(read_log(tmp_path)) < 2:
        await sandbox_client(first).messages()
    with (tmp_path / "messages.jsonl").open("ab") as log:
        log.write(b'{"event":"created","sid":"SM')
    second = await reopen()
    assert [one["sid"] for one in await sandbox_client(second).messages()] == [sid]
    assert (await create(second))[0] == 201
    assert len(await sandbox_client(await reopen()).messages()) == 2


SENDER = """
import sys, urllib.parse, urllib.request
url, key, form = sys.argv[1:]
for number in range(10_000):
    body = f"{form}&Body={number}".encode()
    headers = {"Authorization": key}
    urllib.request.urlopen(urllib.request.Request(url, body, headers)).read()
    print(number, flush=True)
"""


async def test_the_log_has_every_message_that_a_killed_client_created(
    http: aiohttp.ClientSession, sandbox: SandboxClient, tmp_path: Path
) -> None:
    url = str(http._build_url("Messages.json"))  # noqa: SLF001 # no public name
    form = urlencode({"To": FORM["To"], "From": FORM["From"]})
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SENDER, url, http.headers["Authorization"], form),
        stdout=asyncio.subprocess.PIPE,
    )
    assert client.stdout
    told = [await client.stdout.readline() for _ in range(20)]
    client.kill()
    rest, _ = await client.communicate()
    answered = {int(one) for one in b"".join([*told, rest]).split()}
    taken = {int(one["body"]) for one in await sandbox.messages()}
    assert answered <= taken
    assert taken <= {int(one["body"]) for one in read_log(tmp_path) if "body" in one}
