"""One sandbox for all processes on a database, by real processes that use it."""

import fcntl
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.adapters.sandbox_process import run_sandbox
from service.domain.errors import SetUpError
from tests.cli.commands import ROOT, environment

USER = """
import asyncio, sys
from pathlib import Path
from service.adapters.sandbox_process import run_sandbox

async def use():
    async with run_sandbox(Path(sys.argv[1])) as sandbox:
        print(sandbox.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(use())
"""
"""Uses the sandbox of a folder until its standard input is closed."""

Use = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def use(tmp_path: Path) -> Iterator[Use]:
    """Start one more process that uses the sandbox."""
    with ExitStack() as users:

        def start() -> subprocess.Popen[str]:
            user = users.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", USER, str(tmp_path)],
                    env=environment() | {"PYTHONPATH": str(ROOT)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            users.callback(user.kill)
            return user

        yield start


def url(user: subprocess.Popen[str]) -> str:
    """The address of the sandbox that it uses, once it does."""
    assert user.stdout is not None
    return user.stdout.readline().strip()


def end(user: subprocess.Popen[str]) -> None:
    assert user.stdin is not None
    user.stdin.close()
    assert user.wait(timeout=60) == 0


def runs(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_sandbox/health", timeout=30) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except OSError:
        return False


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def has_ended(folder: Path) -> bool:
    """Whether no sandbox writes the log of the folder."""
    return not is_locked(folder / "messages.jsonl")


def until(true: Callable[[], bool]) -> None:
    last = time.monotonic() + 60
    while not true():
        assert time.monotonic() < last, "it never came to that"
        time.sleep(0.02)


def test_five_simultaneous_starts_yield_one_sandbox(use: Use, tmp_path: Path) -> None:
    users = [use() for _ in range(5)]
    [address] = {url(user) for user in users}
    assert runs(address)
    for user in users:
        assert runs(address)
        end(user)
    until(lambda: has_ended(tmp_path))


def test_it_outlives_a_starter_that_is_killed_while_another_uses_it(
    use: Use, tmp_path: Path
) -> None:
    starter = use()
    address = url(starter)
    other = use()
    assert url(other) == address
    starter.kill()
    starter.wait()
    third = use()
    assert url(third) == address
    end(other)
    assert runs(address)
    end(third)
    until(lambda: has_ended(tmp_path))


def test_it_outlives_a_starter_that_ends_in_order_while_another_uses_it(
    use: Use, tmp_path: Path
) -> None:
    starter = use()
    address = url(starter)
    other = use()
    assert url(other) == address
    end(starter)
    assert runs(address)
    other.kill()
    until(lambda: has_ended(tmp_path))


def test_a_starter_that_is_the_last_user_waits_for_its_end(
    use: Use, tmp_path: Path
) -> None:
    starter = use()
    url(starter)
    end(starter)
    assert has_ended(tmp_path)


def test_nobody_starts_a_second_one_beside_that_of_a_starter_that_was_killed(
    use: Use, tmp_path: Path
) -> None:
    slow = tmp_path / "sandbox.json"
    os.mkfifo(slow)  # who reads it waits until the test has written it
    starter = use()
    slow.write_text("no address")
    until((tmp_path / "sandbox.log").exists)
    with slow.open("w") as account:  # the sandbox reads it: it has begun to start
        starter.kill()
        starter.wait()
        assert is_locked(tmp_path / "start.lock")
        account.write(json.dumps({"account_sid": "AC1", "auth_token": "1"}))
    users = [use() for _ in range(2)]
    [address] = {url(user) for user in users}
    assert runs(address)
    for user in users:
        end(user)
    until(lambda: has_ended(tmp_path))


def test_one_that_somebody_runs_in_the_foreground_is_used_and_goes_on(
    use: Use, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "service.sandbox", "--dir", str(tmp_path)],
        env=environment(),
        stdout=subprocess.PIPE,
    ) as foreground:
        assert foreground.stdout is not None
        address = json.loads(foreground.stdout.readline())["url"]
        user = use()
        assert url(user) == address
        end(user)
        assert runs(address)
        foreground.terminate()


def test_it_is_in_a_session_of_its_own_where_no_ctrl_c_reaches_it(
    use: Use, tmp_path: Path
) -> None:
    starter = use()
    assert runs(url(starter))
    sandbox = json.loads((tmp_path / "sandbox.json").read_text())["pid"]
    assert os.getsid(sandbox) == sandbox
    end(starter)


async def test_one_that_cannot_start_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "messages.jsonl").write_text("no event\n")
    with pytest.raises(SetUpError) as raised:
        async with run_sandbox(tmp_path):
            pass
    assert str(raised.value) == (
        f"sandbox: did not start: {tmp_path}/messages.jsonl: line 1 is not an event; "
        "repair or move the file"
    )
