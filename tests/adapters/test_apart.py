"""Rounds POSTed by a process of their own, whatever becomes of it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from service.adapters.apart import Apart, Opening, apart
from service.adapters.logs import configure_logging
from service.adapters.twilio.provider import open_twilio
from service.adapters.vault import Vault
from service.domain.delivery.outcome import Accepted, NotPosted, Outcome, Unknown
from service.flow.permits.encryption import PHONE_COLUMN as COLUMN
from service.flow.sending.post import MAX_IN_FLIGHT, PostResult, monotonic_now
from service.flow.sending.provider import Outgoing
from service.flow.stop_signal import StopSignal, never_stop
from tests.adapters.twilio.wire import (
    PHONE,
    Serve,
    hang,
    message,
    no,
    raw,
    says,
    sender_to,
)

VAULT = Vault.from_keys("1:" + "A" * 43 + "=")
TAKEN = raw(201, json.dumps(message()))
LOG = partial(configure_logging, json=True)

Begin = Callable[..., Awaitable[Apart]]


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    async with AsyncExitStack() as stack:

        async def begin_one(
            url: str, stopping: StopSignal = never_stop, opening: Opening | None = None
        ) -> Apart:
            provider = await stack.enter_async_context(open_twilio(sender_to(url)))
            there = opening or partial(open_twilio, sender_to(url))
            poster = apart(there, provider, VAULT, stopping, LOG)
            return await stack.enter_async_context(poster)

        yield begin_one


def messages(count: int) -> list[Outgoing]:
    return [
        Outgoing(
            id=f"id-{at}",
            attempt=1,
            encrypted_phone=VAULT.encrypt(PHONE, COLUMN),
            body=f"text {at}",
            template="renewal-prepare",
            language="en",
            valid_for=3600.0,
        )
        for at in range(count)
    ]


async def post(poster: Apart, count: int) -> PostResult:
    return await poster.post(messages(count), monotonic_now() + 60)


def outcomes(done: PostResult) -> list[Outcome]:
    return [outcome for _, outcome in done.outcomes]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.01)


async def test_rounds_side_by_side_are_all_posted_to_phones_opened_there(
    begin: Begin, serve: Serve
) -> None:
    url, asked = await serve(says(TAKEN))
    poster = await begin(url)
    both = await asyncio.gather(post(poster, 30), post(poster, 20))
    for done, count in zip(both, (30, 20), strict=True):
        assert not done.is_blocked
        assert {one.id for one, _ in done.outcomes} == {
            one.id for one in messages(count)
        }
        assert all(isinstance(one, Accepted) for one in outcomes(done))
    assert len(asked) == 50
    assert all(b"To=%2B12125550101" in one for one in asked)


async def test_a_post_that_hangs_does_not_hold_up_the_next_round(
    begin: Begin, serve: Serve
) -> None:
    answered = asyncio.Event()

    async def hangs_once(writer: asyncio.StreamWriter) -> None:
        if len(asked) == 1:
            await answered.wait()
        writer.write(TAKEN)

    url, asked = await serve(hangs_once)
    poster = await begin(url)
    first = asyncio.create_task(post(poster, 1))
    await until(lambda: len(asked) == 1)
    assert len(outcomes(await post(poster, 30))) == 30
    assert not first.done()
    answered.set()
    assert isinstance(outcomes(await first)[0], Accepted)


async def test_where_no_process_can_begin_nothing_is_posted(
    begin: Begin, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = await serve(says(TAKEN))
    poster = await begin(url)
    [child] = children(os.getpid())
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    os.kill(child, signal.SIGKILL)
    await post(poster, 1)
    asked.clear()
    done = await post(poster, 2)
    assert done.is_blocked
    assert outcomes(done) == [NotPosted("the process that POSTs did not start")] * 2
    assert asked == []


async def test_a_round_of_nothing_is_nothing(begin: Begin, serve: Serve) -> None:
    url, asked = await serve(says(TAKEN))
    assert await (await begin(url)).post([], monotonic_now() + 60) == PostResult(
        (), is_blocked=False
    )
    assert asked == []


async def test_the_pace_it_has_learnt_is_known_here(begin: Begin, serve: Serve) -> None:
    url, _ = await serve(says(no(429, 20429), TAKEN))
    poster = await begin(url)
    assert poster.pace.allowed_at(monotonic_now()) == MAX_IN_FLIGHT
    await post(poster, 1)
    assert poster.pace.allowed_at(monotonic_now()) == MAX_IN_FLIGHT // 2


async def test_nothing_is_posted_after_the_deadline(begin: Begin, serve: Serve) -> None:
    url, asked = await serve(says(TAKEN))
    poster = await begin(url)
    done = await poster.post(messages(3), monotonic_now() - 1)
    assert outcomes(done) == [NotPosted()] * 3
    assert asked == []


async def test_of_a_round_whose_process_dies_nobody_knows_and_another_goes_on(
    begin: Begin, serve: Serve
) -> None:
    hangs, asked = await serve(hang)
    poster = await begin(hangs)
    lost = asyncio.create_task(post(poster, 30))
    await until(lambda: len(asked) == MAX_IN_FLIGHT)
    [child] = children(os.getpid())
    os.kill(child, signal.SIGKILL)
    done = await lost
    assert done.is_blocked
    assert outcomes(done) == [Unknown("the process that POSTs has died")] * 30
    again = asyncio.create_task(post(poster, 1))
    await until(lambda: len(asked) == MAX_IN_FLIGHT + 1)
    again.cancel()


async def test_a_process_that_is_stuck_long_after_a_deadline_is_given_up(
    begin: Begin, serve: Serve
) -> None:
    url, _ = await serve(says(TAKEN))
    poster = await begin(url)
    await post(poster, 1)
    [child] = children(os.getpid())
    os.kill(child, signal.SIGSTOP)
    done = await poster.post(messages(2), monotonic_now() - 61)
    assert outcomes(done) == [Unknown("the process that POSTs has died")] * 2
    assert isinstance(outcomes(await post(poster, 1))[0], Accepted)


async def test_where_no_process_starts_nothing_is_posted(
    begin: Begin, serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    url, asked = await serve(says(TAKEN))
    broken: Any = partial(int, "no way there")
    poster = await begin(url, opening=broken)
    done = await post(poster, 2)
    assert done.is_blocked
    assert outcomes(done) == [NotPosted("the process that POSTs did not start")] * 2
    assert asked == []
    assert "no way there" in capfd.readouterr().err


async def test_told_to_stop_it_ends_what_is_under_way_and_begins_no_more(
    begin: Begin, serve: Serve
) -> None:
    answered, looks = asyncio.Event(), list[int]()

    async def waits(writer: asyncio.StreamWriter) -> None:
        await answered.wait()
        writer.write(TAKEN)

    def stopping() -> bool:
        looks.append(len(asked))
        return len(asked) >= MAX_IN_FLIGHT

    url, asked = await serve(waits)
    done = asyncio.create_task(post(await begin(url, stopping), 1000))
    await until(lambda: looks.count(MAX_IN_FLIGHT) > 1)
    answered.set()
    said = outcomes(await done)
    assert sum(isinstance(one, Accepted) for one in said) == len(asked) < 1000
    assert said.count(NotPosted("told to stop")) == 1000 - len(asked)


PARENT = """
import asyncio
from tests.adapters.test_apart import *

async def main():
    opening = partial(twilio, sender_to(sys.argv[1]))
    async with apart(opening, None, VAULT, never, LOG) as poster:
        await poster.post(messages(100), elapsed() + 60)

asyncio.run(main())
"""


async def test_it_ends_with_its_parent_however_that_ends(serve: Serve) -> None:
    url, asked = await serve(hang)
    root = Path(__file__).parents[2]
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, url, cwd=root
    )
    await until(lambda: len(asked) == MAX_IN_FLIGHT)
    [child] = children(parent.pid)
    parent.kill()
    await parent.wait()
    await until(lambda: not alive(child))
    assert len(asked) == MAX_IN_FLIGHT


def children(pid: int) -> list[int]:
    """The processes that run the poster for this one."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if not listed.exists():
        pytest.skip("no /proc here that tells whose child a process is")
    found = map(int, listed.read_text("ascii").split())
    return [one for one in found if b"poster" in _command(one)]


def alive(pid: int) -> bool:
    return b"poster" in _command(pid)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
