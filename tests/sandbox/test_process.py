import asyncio
import json
import signal
import stat
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

Spawn = Callable[..., Awaitable[Process]]
Ready = Callable[[Process], Awaitable[aiohttp.ClientSession]]
FORM = {"To": "+12025550195", "From": "+12025550000", "Body": "到期"}


async def ended(process: Process) -> tuple[int | None, str]:
    _, said = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()


async def truth(http: aiohttp.ClientSession) -> list[dict[str, object]]:
    async with http.get("/_sandbox/messages") as answer:
        told: list[dict[str, object]] = await answer.json()
        return told


async def test_the_ready_line_is_stored_and_both_files_are_for_their_owner_only(
    spawn: Spawn, tmp_path: Path
) -> None:
    process = await spawn()
    assert process.stdout
    line = json.loads(await process.stdout.readline())
    kept = tmp_path / "sandbox.json"
    assert json.loads(kept.read_text()) == line
    for file in (kept, tmp_path / "messages.jsonl"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert line["url"].startswith("http://127.0.0.1:")
    assert line["account_sid"].startswith("AC")
    assert len(line["account_sid"]) == 34
    async with (
        aiohttp.ClientSession(line["url"]) as anybody,
        anybody.get("/_sandbox/health") as answer,
    ):
        told = await answer.json()
    assert told == {"status": "ok", "account_sid": line["account_sid"]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_cleanly(
    spawn: Spawn, ready: Ready, number: signal.Signals
) -> None:
    process = await spawn()
    await ready(process)
    process.send_signal(number)
    assert await ended(process) == (0, "")


async def test_a_killed_sandbox_has_lost_no_message_it_answered_for(
    spawn: Spawn, ready: Ready
) -> None:
    first = await spawn("--pace", "0")
    http = await ready(first)
    answered: list[str] = []

    async def keep_sending() -> None:
        while True:
            async with http.post("Messages.json", data=FORM) as answer:
                answered.append((await answer.json())["sid"])
                if len(answered) == 50:
                    first.kill()

    with pytest.raises(aiohttp.ClientError):
        await keep_sending()
    await first.wait()
    second = await spawn()
    again = await ready(second)
    assert {*answered} <= {str(one["sid"]) for one in await truth(again)}
    assert len(answered) >= 50


async def test_a_restart_keeps_the_account_the_messages_and_their_way(
    spawn: Spawn, ready: Ready, hook: str, calls: asyncio.Queue[object]
) -> None:
    first = await spawn("--pace", "3600")
    http = await ready(first)
    form = FORM | {"To": "+12025550190", "StatusCallback": hook}
    async with http.post("Messages.json", data=form) as answer:
        before = await answer.json()
    first.terminate()
    assert await ended(first) == (0, "")
    assert calls.empty()
    again = await ready(await spawn("--pace", "0"))
    for _ in ("sent", "undelivered"):
        await asyncio.wait_for(calls.get(), 60)
    async with again.get(f"Messages/{before['sid']}.json") as answer:
        after = await answer.json()
    assert (after["status"], after["error_code"]) == ("undelivered", 30003)
    changed = {"status", "error_code", "error_message", "date_sent", "date_updated"}
    assert {name for name in before if before[name] != after[name]} >= {"status"}
    assert {name for name in before if before[name] != after[name]} <= changed


async def test_a_port_in_use_is_one_line_and_exit_code_2(
    spawn: Spawn, unused_tcp_port: int
) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port)
    async with taken:
        code, said = await ended(await spawn("--port", str(unused_tcp_port)))
    assert code == 2
    assert said == (
        f"sandbox: cannot listen on 127.0.0.1:{unused_tcp_port}: "
        "Address already in use; choose another port\n"
    )


async def test_a_second_sandbox_does_not_write_the_same_log(
    spawn: Spawn, ready: Ready, tmp_path: Path
) -> None:
    first = await ready(await spawn())
    kept = (tmp_path / "sandbox.json").read_text()
    code, said = await ended(await spawn())
    assert code == 2
    assert "another sandbox is running here" in said
    assert (tmp_path / "sandbox.json").read_text() == kept
    assert await truth(first) == []
