from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Ask = Callable[..., Awaitable[tuple[int, Any]]]

FOOD, SHOP = "cn-food-production-license", "cn-food-business-license"
NUMBER = "SC10199000000142"
DATED = f"/v1/explain?rule={FOOD}&expires=2026-12-31"


async def test_an_expiry_date_is_explained_as_the_command_does(ask: Ask) -> None:
    status, told = await ask("GET", DATED)
    trace = told.pop("trace")
    assert status == 200
    assert told == {
        "rule": FOOD,
        "version": f"{FOOD}@2020-03-01.1",
        "authority": "990000",
        "expires_on": "2026-12-31",
        "opens_on": None,
        "closes_on": "2026-11-18",
        "closes_on_lenient": "2026-11-19",
        "provisional": False,
        "slots": [
            {
                "step": "prepare",
                "due_at": "2026-09-20T01:30:00Z",
                "template": "renewal-prepare",
            },
            {
                "step": "last-call",
                "due_at": "2026-11-11T01:30:00Z",
                "template": "renewal-last-call",
            },
        ],
    }
    assert any("30 working days before expiry" in line for line in trace)


async def test_a_permit_is_explained_with_its_history(
    ask: Ask, fields: dict[str, Any]
) -> None:
    _, made = await ask("PUT", f"/v1/permits/{FOOD}/{NUMBER}", fields)
    status, told = await ask("GET", f"/v1/explain?permit={NUMBER}")
    assert (status, told["permit"]) == (200, made)
    assert told["expires_on"] == "2024-12-31"


async def test_a_permit_by_an_identity_number_is_found(
    ask: Ask, fields: dict[str, Any]
) -> None:
    rule = "cn-special-equipment-operator-certificate"
    await ask("PUT", f"/v1/permits/{rule}/990000199001010142", fields)
    status, told = await ask("GET", "/v1/explain?permit=990000199001010142")
    assert (status, told["rule"]) == (200, rule)


async def test_a_number_of_two_permits_must_be_told_apart(
    ask: Ask, fields: dict[str, Any]
) -> None:
    for rule in (FOOD, SHOP):
        await ask("PUT", f"/v1/permits/{rule}/{NUMBER}", fields)
    status, told = await ask("GET", f"/v1/explain?permit={NUMBER}")
    assert status == 409
    assert f"990000 {SHOP}, 990000 {FOOD}" in told["detail"]
    apart = f"/v1/explain?permit={NUMBER}&rule={SHOP}&authority=990000"
    assert (await ask("GET", apart))[1]["rule"] == SHOP


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("", 422, ["rule: found nothing", "expires: found nothing"]),
        (f"rule={FOOD}", 422, ["expires: found nothing"]),
        ("expires=2026-12-31", 422, ["rule: found nothing"]),
        ("permit=1&expires=2026-12-31", 422, ["expected nothing beside permit"]),
        ("permit=1", 404, ["unknown permit '1'"]),
        ("rule=kites&expires=2026-12-31", 404, ["unknown rule 'kites'; known:"]),
        (f"rule={FOOD}&expires=2019-12-31", 422, ["in force from 2020-03-01"]),
        (f"rule={FOOD}&expires=0", 422, ["expires: found '0'"]),
        (f"rule={FOOD}&expires=20261231", 422, ["expires: found '20261231'"]),
        (f"rule={FOOD}&expires=2026-02-29", 422, ["expires: found '2026-02-29'"]),
        (f"rule={FOOD}&expires=2199-12-31", 422, ["expires_on: found 2199-12-31"]),
    ],
)
async def test_what_cannot_be_explained_says_why(
    ask: Ask, query: str, status: int, told: list[str]
) -> None:
    found, problem = await ask("GET", f"/v1/explain?{query}")
    assert found == status
    for one in told:
        assert one in problem["detail"]
