"""/metrics has the figures of the ledger; docs/operations.md explains each."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client.parser import text_string_to_metric_families

from service.app import Installation
from service.domain.delivery.circuit import Outage
from service.domain.delivery.status import MessageState, ReminderState
from service.domain.permits.lookup import Answer
from service.flow.reports.metrics import Gauges, ServerFigures, TableRows
from service.web.metrics import MAX_REASONS, to_metrics
from tests.docs.pages import OPERATIONS, named, rows

Http = TestClient[web.Request, web.Application]
Ask = Callable[..., Awaitable[tuple[int, Any]]]
PassAt = Callable[[datetime], Awaitable[None]]

FOOD = "cn-food-production-license"
DUE_AT = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
AT_NIGHT = datetime(2024, 9, 19, 13, tzinfo=UTC)

Samples = dict[tuple[str, tuple[str, ...]], float]


async def scraped(http: Http) -> Samples:
    """Every sample, by its name without the prefix and its labels."""
    async with http.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    return {
        (
            one.name.removeprefix("permit_reminders_"),
            tuple(one.labels.values()),
        ): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def put(ask: Ask, fields: dict[str, Any], *tails: int) -> None:
    """Register permits, each with a phone and a holder of its own."""
    for tail in tails:
        phones = [f"+1 212 555 0{tail}"]
        body = fields | {"phones": phones, "holder": f"Holder {tail}"}
        path = f"/v1/permits/{FOOD}/SC10199000000{tail}"
        assert (await ask("PUT", path, body))[0] == 201


async def test_metrics_need_an_api_key(stranger: Http) -> None:
    async with stranger.get("/metrics") as answer:
        assert answer.status == 401


async def test_an_empty_ledger_has_metrics(http: Http) -> None:
    found = await scraped(http)
    assert {found["reminders", (state,)] for state in ReminderState} == {0}
    assert found["due", ()] == found["outcomes_open", ()] == 0
    assert found["breaker_open", ()] == found["paused_scopes", ()] == 0
    assert found["last_tick_timestamp_seconds", ()] == 0


async def test_metrics_are_the_figures_of_the_ledger(
    http: Http, ask: Ask, fields: dict[str, Any], pass_at: PassAt
) -> None:
    await put(ask, fields, 142, 143)
    await pass_at(DUE_AT)
    await put(ask, fields, 144)
    found = await scraped(http)
    assert found["reminders", ("sent",)] == 2
    assert found["reminders", ("due",)] == found["due", ()] == 1
    assert found["messages", ("sandbox", "accepted")] == 2
    assert found["messages_sent_total", ("sandbox",)] == 2
    assert found["receipts_waiting", ("sandbox",)] == 2
    assert found["last_tick_timestamp_seconds", ()] > 0
    await pass_at(AT_NIGHT)
    found = await scraped(http)
    assert (found["due", ()], found["due_waited_seconds", ()]) == (0, 0)
    assert found["held", ("outside sending hours",)] == 1


async def test_the_wait_of_the_oldest_due_reminder_is_shown_unless_it_is_paused(
    http: Http,
    ask: Ask,
    fields: dict[str, Any],
    pass_at: PassAt,
    installation: Installation,
) -> None:
    await ask("POST", "/v1/pause", {"reason": "r"})
    await put(ask, fields, 142)
    await pass_at(DUE_AT)
    found = await scraped(http)
    assert (found["due", ()], found["paused_scopes", ()]) == (0, 1)
    await ask("POST", "/v1/resume", {})
    assert (await scraped(http))["due_waited_seconds", ()] == 300
    for scope in (f"rule:{FOOD}", "authority:990000", "office:990000"):
        await installation.pause_store.pause(
            scope, "ann", "r", installation.clock.now()
        )
        found = await scraped(http)
        assert (found["due", ()], found["due_waited_seconds", ()]) == (0, 0)
        await installation.pause_store.resume(scope, "ann", installation.clock.now())
    await installation.pause_store.pause(
        "rule:cn-x", "ann", "r", installation.clock.now()
    )
    assert (await scraped(http))["due", ()] == 1


async def test_an_open_breaker_is_shown_with_its_reason(
    http: Http, installation: Installation
) -> None:
    now = installation.clock.now()
    await installation.pause_store.pause("authority:990000", "ann", "a person", now)
    found = await scraped(http)
    assert (found["breaker_open", ()], found["paused_scopes", ()]) == (0, 1)
    assert not [name for name, _ in found if name == "breaker_info"]
    await installation.pause_store.pause(
        "all", "breaker", "account 20003: HTTP 401", now
    )
    found = await scraped(http)
    assert found["breaker_open", ()] == 1
    assert found["breaker_info", ("account 20003: HTTP 401",)] == 1


EMPTY: Final = Gauges(
    reminders={},
    messages={},
    accepted={},
    due=0,
    oldest_due_seconds=0.0,
    held_by_reason={},
    open_outcomes=0,
    left_to_operator=0,
    paused_scopes=0,
    outages=[],
    breaker_reason=None,
    ticked_at=None,
    lookups={},
    is_in_doubt=False,
    server=None,
)
"""The figures of an empty ledger."""

FULL: Final = replace(
    EMPTY,
    messages={("provider", MessageState.SENT): 1},
    accepted={"provider": 1},
    held_by_reason={"reason": 1},
    breaker_reason="reason",
    outages=[Outage("provider", "reason", DUE_AT, None)],
    ticked_at=DUE_AT,
    lookups={("register", Answer.FOUND): 1},
    server=ServerFigures({"table": TableRows(1, 1)}, 1.0, 1, 1),
)
"""Figures for which every metric has a sample."""


def test_the_number_of_labels_is_bounded() -> None:
    held = {f"reason {at}": 100 - at for at in range(MAX_REASONS + 2)}
    found = to_metrics(replace(EMPTY, held_by_reason=held, breaker_reason="x" * 1000))
    [reasons] = [one for one in found if one.name.endswith("_held")]
    assert len(reasons.samples) == MAX_REASONS + 1
    last = reasons.samples[-1]
    assert (last.labels, last.value) == ({"reason": "other"}, 80 + 79)
    [info] = [one for one in found if one.name.endswith("_breaker")]
    assert len(info.samples[0].labels["reason"]) == 200


@pytest.fixture
def explained() -> dict[str, list[str]]:
    """The labels of each metric in docs/operations.md."""
    section = OPERATIONS.split("\n## Metrics\n")[1].split("\n## ")[0]
    return {
        re.sub("{.*", "", name): re.findall(
            r"\w+", re.sub("[^{]*{?", "", name, count=1)
        )
        for row in rows(section)[2:]
        for name in named(row[0])
    }


def test_every_metric_is_documented_and_every_documented_one_exists(
    explained: dict[str, list[str]],
) -> None:
    exposed = {
        sample.name: list(sample.labels)
        for family in to_metrics(FULL)
        for sample in family.samples
    }
    assert exposed == explained
