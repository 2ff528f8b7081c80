import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from service.cli.server.sandbox import sandbox
from service.sandbox.__main__ import parse
from service.sandbox.client import SandboxClient, read_log
from service.sandbox.options import Options
from service.sandbox.server import run, serve


def test_the_command_of_the_service_has_the_same_flags(tmp_path: Path) -> None:
    wanted = ["--dir", str(tmp_path), "--host", "::1", "--port", "0", "--idle", "1"]
    (faults := tmp_path / "faults.json").touch()
    wanted += ["--pace", "2", "--inbound-url", "http://a/", "--faults", str(faults)]
    chosen = sandbox.make_context("sandbox", list(wanted)).params
    assert Options(**chosen) == parse(wanted)


async def test_a_long_time_without_requests_ends_it(tmp_path: Path) -> None:
    lines: list[str] = []
    await serve(Options(directory=tmp_path, idle=0.1), lines.append)
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("messages.jsonl", "no event\n", "line 1 is not an event"),
        ("messages.jsonl", '{"event": "status", "sid": "SM0"}\n', "line 1 is not an"),
        ("messages.jsonl", "[]\n", "line 1 is not an event"),
        ("sandbox.json", "{}", "expected account_sid and auth_token"),
        ("sandbox.json", "", "expected account_sid and auth_token"),
        ("faults.json", "[3]", "fault 1: found 3: Input should be an object"),
    ],
)
def test_a_file_that_is_not_ours_is_named_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    content: str,
    expected: str,
) -> None:
    faults, path = tmp_path / "faults.json", tmp_path / file
    faults.write_text("[]")
    path.write_text(content)
    assert run(parse(["--dir", str(tmp_path), "--faults", str(faults)])) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"sandbox: {path}: {expected}")
    assert said.count("\n") == 1


def test_faults_that_are_not_there_are_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.json"
    assert run(parse(["--dir", str(tmp_path), "--faults", str(path)])) == 2
    said = capsys.readouterr().err
    assert str(path) in said
    assert said.count("\n") == 1


def test_a_port_that_does_not_exist_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(["--dir", str(tmp_path), "--port", "70000"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith("--port: found '70000', expected a number from 0 to 65535")


async def test_faults_from_a_file_are_in_force_from_the_start(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"fault": "reset", "times": 3}]')
    line: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    options = parse(["--dir", str(tmp_path), "--faults", str(file)])
    serving = asyncio.create_task(serve(options, line.set_result))
    url = json.loads(await line)["url"]
    async with aiohttp.ClientSession() as session:
        [told] = await SandboxClient(session, url).faults()
    assert (told["fault"], told["times"]) == ("reset", 3)
    assert [one["event"] for one in read_log(tmp_path)] == ["faults"]
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
