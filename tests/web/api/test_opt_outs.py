"""Opt-outs over HTTP: the number is in the body, never in address or answer."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from service.app import Installation
from service.flow.sending.provider import Outgoing

Ask = Callable[..., Awaitable[tuple[int, Any]]]
Http = TestClient[web.Request, web.Application]
PassAt = Callable[[datetime], Awaitable[None]]

WHERE = "/v1/opt-outs"
PHONE, MASKED = "+1 (212) 555-0142", "+1212***0142"
PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"


async def test_an_opt_out_is_made_once_and_lifted_once(ask: Ask) -> None:
    body = {"phone": PHONE, "reason": "rang us"}
    shown = {"phone": MASKED, "since": "2024-01-29T02:00:00Z", "via": "api"}
    assert await ask("PUT", WHERE, body) == (201, shown)
    assert await ask("PUT", WHERE, {"phone": PHONE}) == (200, shown)
    assert await ask("GET", WHERE) == (200, {"items": [shown], "next": None})
    assert await ask("DELETE", WHERE, {"phone": PHONE}) == (204, None)
    status, problem = await ask("DELETE", WHERE, {"phone": PHONE})
    assert (status, problem["detail"]) == (409, f"{MASKED}: has not opted out")
    assert await ask("GET", WHERE) == (200, {"items": [], "next": None})


async def test_an_opted_out_phone_is_not_texted_until_the_opt_out_is_lifted(
    ask: Ask, fields: dict[str, Any], pass_at: PassAt, sent: list[Outgoing]
) -> None:
    await ask("PUT", WHERE, {"phone": PHONE})
    await ask("PUT", PERMIT, fields)
    await pass_at(datetime(2024, 9, 19, 1, 30, tzinfo=UTC))
    assert sent == []
    await ask("DELETE", WHERE, {"phone": PHONE})
    await pass_at(datetime(2024, 9, 19, 1, 40, tzinfo=UTC))
    assert len(sent) == 1


@pytest.mark.usefixtures("key")
async def test_the_key_is_logged_as_who_did_it(
    ask: Ask, installation: Installation
) -> None:
    await ask("PUT", WHERE, {"phone": PHONE, "reason": "rang us"})
    async with installation.database.read() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT by, what, detail FROM actions ORDER BY id DESC LIMIT 1"
        )
        (done,) = rows.all()
    by, what, detail = map(str, done)
    assert (by, what) == ("test", "opt-out")
    assert "rang us" in detail
    assert "5550142" not in detail


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_pages_of_any_size_give_every_opt_out_once(ask: Ask, limit: int) -> None:
    for at in range(3):
        await ask("PUT", WHERE, {"phone": f"+121255501{at:02}"})
    _, page = await ask("GET", f"{WHERE}?limit={limit}")
    found = [one["phone"] for one in page["items"]]
    while page["next"]:
        _, page = await ask("GET", f"{WHERE}?limit={limit}&after={page['next']}")
        found += [one["phone"] for one in page["items"]]
    assert found == [f"+1212***01{at:02}" for at in range(3)]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "phone: found nothing, expected one number, as text"),
        ({"phone": None}, "phone: found nothing, expected one number"),
        ({"phone": 12125550142}, "phone: found 121****0142, expected one number"),
        ({"phone": [PHONE]}, "phone: found a list, expected one number"),
        ({"phone": "+12125550142, +12125550143"}, "phone: found 2 numbers"),
        ({"phone": "nobody"}, "phone: found ***, expected a phone number, as dialled"),
        ({"phone": "x" * 65}, "phone: found ***"),
        ({"phone": PHONE, "reason": "a\nb"}, "reason: found"),
        ({"phone": PHONE, "reason": "x" * 201}, "reason: found"),
        ({"phone": PHONE, "number": PHONE}, "number: found an unknown field"),
    ],
)
async def test_every_mistake_in_a_body_is_named(
    ask: Ask, method: str, body: object, told: str
) -> None:
    status, problem = await ask(method, WHERE, body)
    assert status == 422
    assert told in problem["detail"]
    assert "5550142" not in str(problem)
    assert (await ask("GET", WHERE))[1]["items"] == []


async def test_a_number_in_the_address_is_refused_and_not_repeated(ask: Ask) -> None:
    status, problem = await ask("PUT", f"{WHERE}?phone=%2B12125550142", {})
    assert status == 422
    assert "phone: found an unknown parameter" in problem["detail"]
    status, problem = await ask("DELETE", f"{WHERE}/%2B12125550142", {"phone": PHONE})
    assert status == 404
    assert "5550142" not in str(problem)


async def test_an_unknown_office_is_named(ask: Ask) -> None:
    status, problem = await ask("PUT", f"{WHERE}?authority=880000", {"phone": PHONE})
    assert (status, problem["title"]) == (404, "Not Found")


async def test_opt_outs_need_an_api_key(stranger: Http) -> None:
    for method in ("GET", "PUT", "DELETE"):
        async with stranger.request(method, WHERE, json={"phone": PHONE}) as answer:
            assert answer.status == 401
