"""Told to stop in the middle of POSTs, by the outside truth of the sandbox's log."""

import os
import signal
import socket
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.commands import Run, posted, sql
from tests.cli.processes import Fork, Process, address, stopped
from tests.cli.server.backstage import MANY, Backstage, until

SLOW = {"fault": "latency", "seconds": 1.0}
LOST = {"fault": "lost-answer", "times": 1}
STUCK = {"fault": "latency", "seconds": 600.0}

FREE = """UPDATE messages SET lease_until = strftime('%Y-%m-%d %H:%M:%f000', 'now')
    WHERE state = 'sending'"""
"""As if the leases of a dead process had ended."""

PATIENT = """UPDATE messages SET absent_at = '2020-01-01 00:00:00.000000',
    lease_until = '2020-01-01 00:00:00.000000' WHERE absent_at IS NOT NULL"""
"""As if it had been long since the provider listed nothing."""


def heard(process: Process) -> None:
    """Wait until a process says that it was told to stop."""
    assert process.stderr is not None
    line = process.stderr.readline()
    while not line.startswith("stopping: "):
        assert line, "it ended without a word"
        line = process.stderr.readline()


def texts(folder: Path) -> Counter[tuple[str, str]]:
    """How often each phone got each text."""
    return Counter(posted(folder))


def states(folder: Path, table: str) -> Counter[str]:
    return Counter(state for (state,) in sql(folder, f"SELECT state FROM {table}"))  # noqa: S608 - a name of ours


COMMANDS = ["serve", "tick"]
SETTINGS = {"PERMIT_REMINDERS_PORT": "0", "PERMIT_REMINDERS_AUTHORITY": "990000"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal_ends_the_posts_under_way_and_begins_no_more(
    command: str, run: Run, due: Path, backstage: Backstage, fork: Fork
) -> None:
    backstage.put(SLOW)
    with fork(command, folder=due, **SETTINGS) as process:
        until(lambda: backstage.struck() > 0)
        os.kill(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said
    taken = len(posted(due))
    assert 0 < taken < MANY
    assert states(due, "messages") == {"accepted": taken}
    assert states(due, "reminders") == {"sent": taken, "due": MANY - taken}
    assert run("audit").code == 0
    backstage.put()
    sql(due, "UPDATE reminders SET retry_at = NULL")
    assert run("tick").code == 0
    assert set(texts(due).values()) == {1}
    assert len(texts(due)) == MANY
    assert run("audit").code == 0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_second_signal_ends_it_at_once_and_the_next_pass_settles_it(
    command: str,
    second: signal.Signals,
    code: int,
    *,
    run: Run,
    due: Path,
    backstage: Backstage,
    fork: Fork,
) -> None:
    backstage.put(STUCK)
    with fork(command, folder=due, **SETTINGS) as process:
        until(lambda: backstage.struck() > 0)
        os.kill(process.pid, signal.SIGTERM)
        heard(process)
        os.kill(process.pid, second)
        assert process.wait(timeout=60) == code
    assert states(due, "messages") == {"sending": MANY}
    on_the_way = backstage.struck()
    backstage.put()
    until(lambda: len(posted(due)) == on_the_way)
    sql(due, FREE)
    until(lambda: ended(run, due))
    assert set(texts(due).values()) == {1}
    assert len(texts(due)) == MANY
    assert run("audit").code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_posts_without_an_answer_are_unknown_before_the_grace_is_over(
    command: str, due: Path, backstage: Backstage, fork: Fork
) -> None:
    backstage.put(STUCK)
    with fork(command, folder=due, **SETTINGS) as process:
        until(lambda: backstage.struck() > 0)
        code, said = stopped(process, signal.SIGTERM)
    assert (code, "Traceback" in said) == (0, False)
    on_the_way = backstage.struck()
    assert states(due, "messages") == {"uncertain": on_the_way}
    assert states(due, "reminders") == {
        "uncertain": on_the_way,
        "due": MANY - on_the_way,
    }


@pytest.mark.parametrize(
    "command", [["serve"], ["serve", "--only", "worker"], ["tick"]]
)
def test_a_signal_cuts_off_questions_to_the_provider(
    command: list[str], run: Run, due: Path, backstage: Backstage, fork: Fork
) -> None:
    backstage.put(LOST)
    assert run("tick").code == 0
    assert states(due, "messages")["uncertain"] == 1
    backstage.put(STUCK | {"on": ["list"]})
    with fork(*command, folder=due, **SETTINGS) as process:
        until(lambda: backstage.struck() > 0)  # it asks what became of the message
        code, said = stopped(process, signal.SIGTERM)
    assert (code, "Traceback" in said) == (0, False)


@pytest.mark.parametrize("command", [["serve"], ["serve", "--only", "api"]])
def test_a_signal_cuts_off_a_request_whose_body_does_not_come(
    command: list[str], installed: Path, fork: Fork
) -> None:
    with fork(*command, folder=installed, **SETTINGS) as process:
        host, port = address(process).removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as sender:
            sender.sendall(
                b"POST /webhooks/sandbox/status HTTP/1.1\r\nHost: permits\r\n"
                b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
            )
            assert sender.recv(100).startswith(b"HTTP/1.1 100 "), "it is being handled"
            code, said = stopped(process, signal.SIGTERM)
    assert (code, "Traceback" in said) == (0, False)


def ended(run: Run, due: Path) -> bool:
    """Tick once more, some time later; whether every reminder has been taken."""
    sql(due, PATIENT)
    sql(due, "UPDATE reminders SET retry_at = NULL")
    assert run("tick").code == 0
    return states(due, "reminders").keys() <= {"sent", "delivered", "failed"}


def test_a_process_whose_output_nobody_reads_stops_all_the_same(
    live: Path, fork: Fork
) -> None:
    with fork("serve", folder=live, **SETTINGS) as process:
        address(process)
        process.stderr.close()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=60) == 0
