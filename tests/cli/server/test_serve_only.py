"""`serve --only`: an API that sends nothing, and workers that share one database."""

import re
import signal
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.cli.commands import Run, posted, sql
from tests.cli.processes import Fork, address, stopped
from tests.cli.server.backstage import Backstage, fall_due, until

SETTINGS = {
    "PERMIT_REMINDERS_PORT": "0",
    "PERMIT_REMINDERS_AUTHORITY": "990000",
    "PERMIT_REMINDERS_TICK": "0.1",
}
AREAS = (212, 213, 312)
MANY = 100 * len(AREAS)
SLOW = {"fault": "latency", "seconds": 0.3}
BREAKER = """INSERT INTO pauses (scope, by, reason, since)
    VALUES ('all', 'breaker', 'account: 20003', '2024-01-29 04:00:00.000000')"""


@pytest.fixture
def busy(live: Path) -> Path:
    """A folder with so many reminders due that one worker does not claim them all."""
    fall_due(live, [f"+1{area}55501{at:02}" for area in AREAS for at in range(100)])
    return live


def status(url: str, key: str | None = None, method: str = "GET") -> int:
    """The status with which a path is answered."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
            return int(answer.status)
    except HTTPError as error:
        return error.code


def posted_by(log: str) -> int:
    """How many messages the ticks of a process posted, by its log."""
    return sum(map(int, re.findall(r"posted=(\d+)", log)))


def test_two_workers_on_one_database_send_each_text_once(
    run: Run, busy: Path, backstage: Backstage, fork: Fork
) -> None:
    backstage.put(SLOW)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                fork("serve", "--only", "worker", folder=busy, **SETTINGS)
            )
            for _ in range(2)
        ]
        for worker in workers:
            assert status(f"{address(worker)}/healthz") == 200
        assert run("resume").code == 0
        until(lambda: len(posted(busy)) == MANY)
        ends = [stopped(worker, signal.SIGTERM) for worker in workers]
    assert [code for code, _ in ends] == [0, 0]
    shares = [posted_by(log) for _, log in ends]
    assert sum(shares) == MANY
    assert min(shares) > 0
    assert set(Counter(phone for phone, _ in posted(busy)).values()) == {1}
    assert sql(busy, "SELECT DISTINCT state FROM reminders") == [("sent",)]
    assert run("audit").code == 0


def test_a_worker_answers_probes_and_metrics_only(
    run: Run, installed: Path, fork: Fork
) -> None:
    key = run("keys", "create", "me").answer.split()[-1]
    with fork("serve", "--only", "worker", folder=installed, **SETTINGS) as worker:
        url = address(worker)
        assert status(f"{url}/healthz") == 200
        assert status(f"{url}/readyz") == 200
        assert status(f"{url}/metrics") == 401
        assert status(f"{url}/metrics", key) == 200
        for path in ("/v1/rules", "/openapi.json"):
            assert status(url + path, key) == 404
        assert status(f"{url}/webhooks/sandbox/status", key, "POST") == 404
        sql(installed, BREAKER)
        assert status(f"{url}/readyz") == 503
        code, said = stopped(worker, signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in said


def test_an_api_answers_requests_and_sends_nothing(
    run: Run, due: Path, backstage: Backstage, fork: Fork
) -> None:
    backstage.put(SLOW)
    key = run("keys", "create", "me").answer.split()[-1]
    with fork("serve", "--only", "api", folder=due, **SETTINGS) as api:
        url = address(api)
        assert status(f"{url}/v1/rules", key) == 200
        assert status(f"{url}/openapi.json", key) == 200
        assert status(f"{url}/webhooks/sandbox/status", method="POST") == 403
        sql(due, BREAKER)
        assert status(f"{url}/readyz") == 200, "a pause does not stop requests"
        code, said = stopped(api, signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in said
    assert backstage.struck() == 0
    assert sql(due, "SELECT count(*) FROM messages") == [(0,)]
    assert sql(due, "SELECT DISTINCT state FROM reminders") == [("due",)]


def test_only_a_part_that_exists_can_be_served(run: Run) -> None:
    refusal = run("serve", "--only", "console").refusal
    assert "'console' is not one of 'api', 'worker'" in refusal
