from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import Installation
from service.flow.sending.provider import Outgoing

Ask = Callable[..., Awaitable[tuple[int, Any]]]
PassAt = Callable[[datetime], Awaitable[None]]

FOOD = "cn-food-production-license"
DUE_AT = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "scope", [None, "all", f"rule:{FOOD}", "authority:990000", "office:990000"]
)
async def test_a_paused_reminder_is_sent_after_resuming(
    ask: Ask,
    fields: dict[str, Any],
    pass_at: PassAt,
    sent: list[Outgoing],
    scope: str | None,
) -> None:
    await ask("PUT", f"/v1/permits/{FOOD}/SC10199000000142", fields)
    order = {"scope": scope} if scope else {}
    status, told = await ask("POST", "/v1/pause", order | {"reason": "a look"})
    assert status == 200
    [pause] = told["paused"]
    assert (pause["scope"], pause["by"], pause["reason"]) == (
        scope or "all",
        "test",
        "a look",
    )
    await pass_at(DUE_AT)
    assert sent == []
    assert await ask("POST", "/v1/resume", order) == (200, {"paused": []})
    await pass_at(DUE_AT)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("path", "order", "status", "told"),
    [
        ("resume", {}, 409, "all: not paused"),
        ("resume", {"scope": "all", "reason": "r"}, 422, "reason: found an unknown"),
        ("pause", {}, 422, "reason: found nothing"),
        ("pause", {"reason": "r", "scope": "city"}, 422, "scope: found 'city'"),
        ("pause", {"reason": "r", "scope": "rule:x"}, 404, "unknown rule 'x'"),
        ("resume", {"scope": "authority:x"}, 404, "unknown authority 'x'"),
        ("resume", {"scope": "resend:x"}, 404, "unknown provider 'x'"),
        ("resume", {"scope": "resend:twilio"}, 409, "resend:twilio: not paused"),
    ],
)
async def test_a_wrong_pause_or_resume_is_refused(
    ask: Ask, path: str, order: dict[str, str], status: int, told: str
) -> None:
    found, problem = await ask("POST", f"/v1/{path}", order)
    assert found == status
    assert told in problem["detail"]


async def test_a_pause_of_resends_stops_no_ordinary_sending(
    ask: Ask, fields: dict[str, Any], pass_at: PassAt, sent: list[Outgoing]
) -> None:
    await ask("PUT", f"/v1/permits/{FOOD}/SC10199000000142", fields)
    order = {"scope": "resend:sandbox"}
    status, told = await ask("POST", "/v1/pause", order | {"reason": "a look"})
    assert (status, told["paused"][0]["scope"]) == (200, "resend:sandbox")
    await pass_at(DUE_AT)
    assert len(sent) == 1
    assert await ask("POST", "/v1/resume", order) == (200, {"paused": []})


async def test_pausing_twice_is_a_conflict(ask: Ask) -> None:
    assert (await ask("POST", "/v1/pause", {"reason": "r"}))[0] == 200
    assert (await ask("POST", "/v1/pause", {"reason": "s"}))[0] == 409


async def test_a_resume_closes_the_open_breaker(
    ask: Ask, installation: Installation
) -> None:
    await installation.pause_store.pause(
        "all", "breaker", "account 20003", installation.clock.now()
    )
    assert (await ask("GET", "/readyz"))[0] == 503
    assert (await ask("POST", "/v1/resume", {}))[0] == 200
    assert (await ask("GET", "/readyz"))[0] == 200
