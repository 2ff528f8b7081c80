"""The compose file's services run by hand: two workers share, Prometheus looks."""

import asyncio
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.deploy.files import alerts, metrics_in, queries
from tests.deploy.live_office import make_live, texted, write_register
from tests.deploy.plain_processes import Stack, wait_until
from tests.depth import by_depth
from tests.postgres import Server

PERMITS = 600
SERVING = ("api", "worker-1", "worker-2")
SOMETIMES = re.compile("_info|_circuit_open|_held|_lookups_total")
"""Metrics without a sample while all is well."""


@pytest.fixture
def stack(postgres: Server, tmp_path: Path) -> Iterator[Stack]:
    postgres.create_database("stack")
    yield Stack(tmp_path, postgres.url("stack"))
    postgres.drop_database("stack")


def ask(prometheus: str, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"{prometheus}/api/v1/{path}?{query}") as answer:  # noqa: S310 - our own address
        return orjson.loads(answer.read())["data"]


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_two_workers_share_the_sending_and_prometheus_answers_every_query(
    stack: Stack,
) -> None:
    program = by_depth(quick="", deep=shutil.which("prometheus"))
    if program == "":
        pytest.skip("half a minute of processor time: make test-deep runs it")
    if program is None:
        pytest.skip("no prometheus here: apt-get install prometheus")
    stack.run("migrate")
    asyncio.run(make_live(stack.url))
    api_key = stack.run("migrate", "keys", "create", "prometheus").strip()
    register = write_register(stack.folder, range(PERMITS))
    stack.run("migrate", "pause", "--reason", "until both workers run")
    stack.run("migrate", "import", register)
    with (
        stack.running("sandbox", *SERVING),
        stack.prometheus(program, api_key) as prometheus,
    ):
        stack.run("migrate", "resume")
        wait_until(lambda: len(texted(stack.folder)) >= PERMITS)
        wait_until(lambda: _are_up(prometheus) and _has_sent(prometheus) == PERMITS)
        for query in queries():
            found = ask(prometheus, "query", query=query)
            assert found["resultType"] == "vector", query
        for name in set[str]().union(*map(metrics_in, queries())):
            if not SOMETIMES.search(name):
                assert ask(prometheus, "query", query=name)["result"], name
        groups = ask(prometheus, "rules")["groups"]
        rules = [one for group in groups for one in group["rules"]]
        assert {one["name"] for one in rules} == {one["alert"] for one in alerts()}
        assert {one["health"] for one in rules} == {"ok"}
        assert len(set(texted(stack.folder))) == len(texted(stack.folder))
    assert "adds up" in stack.run("migrate", "audit")
    posted = [
        sum(map(int, re.findall(r"posted=(\d+)", stack.log(name))))
        for name in ("worker-1", "worker-2")
    ]
    assert sum(posted) == PERMITS
    assert min(posted) > 0


def _are_up(prometheus: str) -> bool:
    up = ask(prometheus, "query", query="up == 1")["result"]
    groups = ask(prometheus, "rules")["groups"]
    rules = [one for group in groups for one in group["rules"]]
    return len(up) == len(SERVING) and all(one["health"] == "ok" for one in rules)


def _has_sent(prometheus: str) -> int:
    query = "max(permit_reminders_messages_sent_total)"
    found = ask(prometheus, "query", query=query)["result"]
    return int(found[0]["value"][1]) if found else 0
