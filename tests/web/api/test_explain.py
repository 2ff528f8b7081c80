from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.app import Installation
from service.domain.law.period import Period
from service.domain.law_change.edits import RulesEdit
from service.flow.law_change.change import apply_change

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
        "zone": "Asia/Shanghai",
        "reference": {
            "title": "食品生产许可管理办法",
            "article": "第三十四条",
            "checked_on": "2026-11-22",
            "confidence": "read",
        },
        "late_filing": None,
    }
    assert any("30 working days before expiry" in line for line in trace)


async def test_a_permit_is_explained_with_its_history(
    ask: Ask, fields: dict[str, Any]
) -> None:
    _, made = await ask("PUT", f"/v1/permits/{FOOD}/{NUMBER}", fields)
    status, told = await ask("GET", f"/v1/explain?permit={NUMBER}")
    assert (status, told["permit"]) == (200, made)
    assert told["expires_on"] == "2024-12-31"
    assert told["history"] == []
    assert [one["step"] for one in told["steps"]] == ["prepare", "last-call"]
    assert told["steps"][0]["outcome"] == (
        "not due before 2024-09-19 09:30 Asia/Shanghai"
    )


async def test_the_history_of_a_sent_reminder_masks_the_phone(
    ask: Ask, fields: dict[str, Any], pass_at: Callable[[datetime], Awaitable[None]]
) -> None:
    await ask("PUT", f"/v1/permits/{FOOD}/{NUMBER}", fields)
    await pass_at(datetime(2024, 9, 19, 1, 30, tzinfo=UTC))
    _, told = await ask("GET", f"/v1/explain?permit={NUMBER}")
    [story] = told["history"]
    assert (story["step"], story["expires_on"]) == ("prepare", "2024-12-31")
    assert story["moves"][-1]["at"] == "2024-09-19T01:35:00Z"
    assert [one["what"] for one in story["moves"][1:]] == [
        "sending to +1212***0142",
        "sent to +1212***0142 through sandbox; it names 2024-11-18 as the last day",
    ]
    assert "5550142" not in str(told)


async def test_another_version_is_explained_by_its_key(
    ask: Ask, fields: dict[str, Any]
) -> None:
    former = f"{FOOD}@2005-09-01.1"
    status, told = await ask("GET", f"{DATED}&version={former}")
    assert (status, told["version"], told["closes_on"]) == (200, former, "2026-06-30")
    await ask("PUT", f"/v1/permits/{FOOD}/{NUMBER}", fields)
    asked = f"/v1/explain?permit={NUMBER}&version={former}"
    status, told = await ask("GET", asked)
    assert (status, told["version"]) == (200, former)
    assert "steps" not in told
    assert told["permit"]["version"] == f"{FOOD}@2020-03-01.1"


async def test_the_issue_date_chooses_the_version(ask: Ask) -> None:
    status, told = await ask("GET", f"{DATED}&issued=2021-12-31")
    assert (status, told["version"]) == (200, f"{FOOD}@2020-03-01.1")


async def test_a_shadow_is_explained_beside_the_active_version(
    ask: Ask, installation: Installation
) -> None:
    rule = (await installation.law_store.current_law()).rule(FOOD)
    versions = [
        replace(one, closes=Period("expiry", 60, "day", "working"))
        for one in rule.versions
        if one.in_force_from == date(2020, 3, 1)
    ]
    shadow = RulesEdit([replace(rule, versions=tuple(versions))], shadow=True)
    await apply_change(shadow, installation.change_store, installation.clock, by="test")
    _, told = await ask("GET", DATED)
    assert told["closes_on"] == "2026-11-18"
    assert told["shadow"]["closes_on"] == "2026-10-08"
    assert list(told["shadow"]["slots"][0]) == ["step", "due_at", "template"]


async def test_a_rule_that_never_reminds_but_has_dates_says_so(ask: Ask) -> None:
    rule = "cn-food-testing-institution"
    status, told = await ask("GET", f"/v1/explain?rule={rule}&expires=2026-12-31")
    assert (status, told["slots"]) == (200, [])
    assert told["never"]["because"] == "unverified"
    assert told["never"]["why"].keys() == {"zh", "en"}


async def test_a_permit_by_an_identity_number_is_found(
    ask: Ask, fields: dict[str, Any]
) -> None:
    rule = "cn-special-equipment-operator-certificate"
    await ask("PUT", f"/v1/permits/{rule}/990000199001010142", fields)
    status, told = await ask("GET", "/v1/explain?permit=990000199001010142")
    assert (status, told["rule"]) == (200, rule)


async def test_a_number_of_two_permits_needs_a_rule_or_an_authority(
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
        ("permit=1", 404, ["unknown permit number '1'"]),
        ("rule=kites&expires=2026-12-31", 404, ["unknown rule 'kites'; known:"]),
        ("permit=1&issued=2026-12-31", 422, ["expected nothing beside permit"]),
        (f"rule={FOOD}&expires=2005-08-31", 422, ["in force from 2005-09-01"]),
        (
            "rule=cn-direct-selling-license&expires=2026-12-31",
            422,
            ["never reminds (no-expiry): no term was found"],
        ),
        (
            f"rule={FOOD}&expires=2026-12-31&version=2005",
            404,
            [f"unknown version '2005'; known: {FOOD}@2005-09-01.1, "],
        ),
        (
            f"rule={FOOD}&expires=2026-12-31&version={SHOP}@2023-12-01.1",
            422,
            [f"expected a version of {FOOD}"],
        ),
        (f"rule={FOOD}&expires=2026-12-31&version=", 422, ["version: found ''"]),
        (f"rule={FOOD}&expires=0", 422, ["expires: found '0'"]),
        (f"rule={FOOD}&expires=20261231", 422, ["expires: found '20261231'"]),
        (f"rule={FOOD}&expires=2026-02-29", 422, ["expires: found '2026-02-29'"]),
        (f"rule={FOOD}&expires=2199-12-31", 422, ["expires_on: found 2199-12-31"]),
    ],
)
async def test_a_request_that_cannot_be_explained_says_why(
    ask: Ask, query: str, status: int, told: list[str]
) -> None:
    found, problem = await ask("GET", f"/v1/explain?{query}")
    assert found == status
    for one in told:
        assert one in problem["detail"]
