import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import CMA, FOOD, Run, command, environment, write
from tests.cli.processes import started, stopped
from tests.cli.server.backstage import until

HEAVY = ("sqlalchemy", "alembic", "aiohttp", "twilio", "holidays.countries")
"""What a command needs that opens a database, or sends."""

EXPLAIN = ("explain", "--rule", FOOD, "--expires", "2026-12-31")


def get(url: str) -> int:
    """The status of a GET."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
        return int(answer.status)


def test_the_command_works_as_a_process(folder: Path) -> None:
    told = command(*EXPLAIN, "--json", folder=folder).told
    assert (told["closes_on"], told["closes_on_lenient"]) == (
        "2026-11-18",
        "2026-11-19",
    )
    refusal = command("report", "--week", "2024-W54", folder=folder).refusal
    assert refusal.startswith("permit-reminders: permit-reminders.db: no such database")


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (EXPLAIN, (*HEAVY, "jinja2", "service.app")),
        (("rules", "check"), (*HEAVY, "service.app")),
        (("counts",), ("aiohttp", "alembic", "twilio")),
        (("--help",), ("pydantic", "jinja2", "sqlalchemy", "aiohttp", "service.flow")),
        (("remind",), ("pydantic", "jinja2", "sqlalchemy", "aiohttp", "service.flow")),
    ],
    ids=lambda words: words[0],
)
def test_a_short_answer_needs_few_libraries(
    arguments: tuple[str, ...], spared: tuple[str, ...], folder: Path
) -> None:
    script = (
        "import sys\n"
        "from service.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "finally:\n"
        f"    print([one for one in {spared!r} if one in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_closes_the_pipe_sees_no_error(installed: Path) -> None:
    with started("rules", "list", folder=installed) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(), said) == (1, "")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_an_import_that_is_interrupted_says_what_is_in_and_goes_on_the_next_time(
    number: signal.Signals, code: int, run: Run, office: Path
) -> None:
    rows = [
        f"{CMA},{number:012},某检测有限公司,2024-06-28,+1212555{100 + number % 90:04}"
        for number in range(2000)
    ]
    register = write(office / "permits.csv", *rows)
    half = write(office / "half.csv", *rows[:1000])
    assert run("import", half).imported == "1000 registered\n"
    lock = sqlite3.connect(office / "permit-reminders.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")  # so that the import cannot end before the signal
    importing = started(
        "import", register, folder=office, PERMIT_REMINDERS_AUTHORITY="990000"
    )
    with closing(lock), importing as process:
        until(lambda: any(office.glob(".permits.csv.*")))
        os.killpg(process.pid, number)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("stopping: ")
        lock.rollback()
        _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert said.endswith("; import permits.csv again with --resume\n")
    assert said.startswith(
        ("interrupted: nothing is in", "interrupted: 1000 unchanged")
    )
    assert not list(office.glob(".permits.csv.*"))
    told = run("import", register, "--resume").imported
    assert told == "1000 registered, 1000 unchanged\n"


def test_the_sandbox_in_the_foreground_ends_with_ctrl_c(folder: Path) -> None:
    with started("sandbox", "--port", "0", folder=folder) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert get(told["url"]) == 200
        assert stopped(process, signal.SIGINT) == (0, "")
    assert (folder / "sandbox" / "messages.jsonl").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_serves_until_told_to_stop(
    number: signal.Signals, installed: Path
) -> None:
    with started("serve", folder=installed, PERMIT_REMINDERS_PORT="0") as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said.startswith("listening on http://127.0.0.1:")
        assert get(f"{said.split()[-1]}/healthz") == 200
        code, said = stopped(process, number)
    assert code == 0
    assert "Traceback" not in said
    told = json.loads((installed / "sandbox" / "sandbox.json").read_text())
    with pytest.raises(OSError, match="refused"):
        get(told["url"])


@pytest.mark.usefixtures("installed")
def test_a_port_in_use_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PERMIT_REMINDERS_PORT", str(port))
        assert run("serve").refusal == (
            f"permit-reminders: 127.0.0.1:{port}: Address already in use; set "
            "PERMIT_REMINDERS_HOST or PERMIT_REMINDERS_PORT to another"
        )
        ran = run("sandbox", "--port", port)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == (
            f"sandbox: cannot listen on 127.0.0.1:{port}: Address already in use; "
            "choose another port\n"
        )


@pytest.mark.usefixtures("installed")
def test_without_a_key_only_this_machine_is_served(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = (
        "is not a loopback address and there is no API key; "
        "run `permit-reminders keys create NAME` first"
    )
    for host in ("0.0.0.0", "::", "192.0.2.1"):  # noqa: S104 - nothing is bound
        monkeypatch.setenv("PERMIT_REMINDERS_HOST", host)
        assert run("serve").refusal == (
            f"permit-reminders: PERMIT_REMINDERS_HOST: {host} {refused}"
        )
    run("keys", "create", "me")
    prefix = run("keys", "list").answer.split()[0]
    assert run("keys", "revoke", prefix).code == 0
    assert run("serve").refusal.endswith(refused)
    monkeypatch.setenv("PERMIT_REMINDERS_HOST", "permits.example.org")
    assert run("serve").refusal == (
        "permit-reminders: settings: PERMIT_REMINDERS_HOST: found "
        "'permits.example.org', expected an IP address or localhost"
    )
