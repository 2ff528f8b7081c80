from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from service.app import Installation
from service.domain.law_change.edits import AuthoritiesEdit
from service.flow.law_change.change import apply_change
from service.flow.office.go_live import add_staff, start_trial

Ask = Callable[..., Awaitable[tuple[int, Any]]]

FOOD, SHOP = "cn-food-production-license", "cn-food-business-license"
COUNTY = "/v1/authorities/990101"


@pytest.fixture
def county() -> dict[str, Any]:
    """A valid body of an authority."""
    return {
        "name": {"zh": "临江县市场监督管理局", "en": "Linjiang County"},
        "zone": "Asia/Shanghai",
        "calendar": "CN",
        "signature": {"zh": "临江县", "en": "LINJIANG"},
        "apply_at": {"zh": "县政务服务中心", "en": "the county service centre"},
        "helpline": "12345",
        "opt_out": {"zh": "拒收请回复R", "en": "Reply R to opt out"},
        "parent": "990000",
        "sends": False,
    }


async def test_an_authority_is_installed_and_shown_with_who_sends_for_it(
    ask: Ask, county: dict[str, Any]
) -> None:
    status, told = await ask("PUT", f"{COUNTY}?dry_run=true", county)
    assert (status, told["applied"]) == (200, False)
    assert (await ask("GET", COUNTY))[0] == 404
    status, told = await ask("PUT", COUNTY, {**county, "code": "990101"})
    assert (status, told["applied"]) == (201, True)
    assert told["changes"][0]["after"] == "authority 990101"
    status, shown = await ask("GET", COUNTY)
    assert status == 200
    assert {name: shown[name] for name in county} == county
    assert (shown["code"], shown["sender"], shown["staff"]) == ("990101", "990000", 0)
    assert (shown["sends_from"], shown["sending_days"]) == ("09:30", "working")
    assert (await ask("PUT", COUNTY, county))[0] == 200


async def test_new_settings_change_the_dates_of_registered_permits(
    ask: Ask, county: dict[str, Any], fields: dict[str, Any]
) -> None:
    await ask("PUT", COUNTY, county)
    await ask("PUT", f"/v1/permits/{FOOD}/SC1?authority=990101", fields)
    _, before = await ask(
        "GET", f"/v1/explain?rule={FOOD}&expires=2024-12-31&authority=990101"
    )
    safer = {**county, "margin_working_days": 3}
    _, told = await ask("PUT", COUNTY, safer)
    assert told["earlier"] == {"permits": 1, "least_days": 5, "most_days": 5}
    _, after = await ask(
        "GET", f"/v1/explain?rule={FOOD}&expires=2024-12-31&authority=990101"
    )
    assert after["closes_on"] < before["closes_on"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"zone": "Asia/Linjiang"}, "zone"),
        ({"calendar": "XX"}, "calendar"),
        ({"parent": "880000"}, "parent"),
        ({"parent": None}, "sends"),
        ({"parent": "990101"}, "parent"),
        ({"code": "990102"}, "code"),
        ({"colour": "red"}, "colour"),
        ({"signature": {"zh": "【县】", "en": "X"}}, "signature.zh"),
        ({"sending_days": ["someday"]}, "sending_days"),
    ],
)
async def test_an_invalid_authority_is_refused(
    ask: Ask, county: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    status, problem = await ask("PUT", COUNTY, county | changes)
    assert status == 422
    assert [one["field"] for one in problem["errors"]] == [field]
    assert (await ask("GET", COUNTY))[0] == 404


async def test_words_that_make_a_text_too_long_are_objected_to(
    ask: Ask, county: dict[str, Any]
) -> None:
    long = county | {
        "sends": True,
        "signature": {"zh": "临江县市场监督管理局行政审批服务处" * 2, "en": "LINJIANG"},
    }
    status, told = await ask("PUT", f"{COUNTY}?dry_run=true", long)
    [objection] = told["objections"]
    assert (status, "signature.zh" in objection) == (200, True)
    assert (await ask("PUT", COUNTY, long))[0] == 409
    status, told = await ask("PUT", f"{COUNTY}?force=agreed", long)
    assert (status, told["objections"]) == (201, [objection])
    status, told = await ask("PUT", COUNTY, long | {"margin_working_days": 1})
    assert (status, told["objections"]) == (200, [])


async def test_what_an_older_release_accepted_is_shown_and_can_be_corrected(
    ask: Ask, county: dict[str, Any], installation: Installation
) -> None:
    await ask("PUT", COUNTY, county)
    law = await installation.law_store.current_law()
    stored = replace(law.authorities["990101"], margin_working_days=61)
    store, clock = installation.change_store, installation.clock
    await apply_change(AuthoritiesEdit([stored]), store, clock, by="older")
    status, shown = await ask("GET", COUNTY)
    assert (status, shown["margin_working_days"]) == (200, 61)
    refused, _ = await ask("PUT", COUNTY, {**county, "margin_working_days": 61})
    assert refused == 422
    assert (await ask("PUT", COUNTY, county))[0] == 200


async def test_an_authority_shows_every_state_a_type_can_be_in(
    ask: Ask, installation: Installation
) -> None:
    to = installation.go_live_deps
    await start_trial("990000", [SHOP], to, by="test")
    await add_staff("990000", "+12125550142", "Li Lei", to, by="test")
    _, shown = await ask("GET", "/v1/authorities/990000")
    rules = {one.pop("rule"): one for one in shown["rules"]}
    assert rules[FOOD] == {
        "state": "live",
        "since": "2024-01-29T02:00:00Z",
        "approved_by": "test",
        "catch_up_days": 0,
        "hindrance": None,
    }
    assert rules[SHOP]["state"] == "trial"
    assert rules["cn-inspection-testing-cma"]["state"] == "draft"
    never = rules["cn-advertising-release-registration"]
    assert never["hindrance"].startswith("never reminds (abolished)")
    assert shown["staff"] == 1
    assert "us-nyc-parking" not in rules


async def test_authorities_are_listed_page_by_page(
    ask: Ask, county: dict[str, Any]
) -> None:
    await ask("PUT", COUNTY, county)
    found, path = list[tuple[str, str | None]](), "/v1/authorities?limit=2"
    after: str | None = ""
    while after is not None:
        _, page = await ask("GET", path + (f"&after={after}" if after else ""))
        found += [(one["code"], one["parent"]) for one in page["items"]]
        after = page["next"]
    assert found == [("990000", None), ("990101", "990000"), ("us-nyc", None)]
