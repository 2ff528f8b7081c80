"""Rules over HTTP: show, add a version, revert."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.adapters.store.db.schema import actions as actions_table
from service.app import Installation
from service.flow.sending.provider import Outgoing
from tests.web.conftest import FOOD, Ask, Http

SERIES = f"{FOOD}@2020-03-01"
VERSIONS = f"/v1/rules/{FOOD}/versions"
REVERT = f"/v1/rules/{FOOD}/revert"

PREPARE = datetime.fromisoformat("2024-09-20T09:30+08:00")
"""When the first step of licences that expire on 31 December 2024 falls due."""

LAST_CALL = datetime.fromisoformat("2024-11-11T09:30+08:00")
"""When the last one does."""


@pytest.fixture
async def version(ask: Ask) -> dict[str, Any]:
    """The version in force, as a request body."""
    _, rule = await ask("GET", f"/v1/rules/{FOOD}")
    [standing] = [one for one in rule["versions"] if one["key"] == f"{SERIES}.1"]
    return {
        name: value for name, value in standing.items() if name not in ("key", "state")
    }


def closing(version: dict[str, Any], closes: str) -> dict[str, Any]:
    return version | {"closes": closes}


def stepping(version: dict[str, Any], **first: object) -> dict[str, Any]:
    changed = deepcopy(version)
    changed["steps"][0] |= first
    return changed


@pytest.fixture
async def registered(ask: Ask, fields: dict[str, Any]) -> None:
    """A permit of 2024, closing in November."""
    status, _ = await ask("PUT", f"/v1/permits/{FOOD}/SC0001", fields)
    assert status == 201


@pytest.fixture
async def texted(
    registered: None,
    pass_at: Callable[[datetime], Awaitable[None]],
    sent: list[Outgoing],
) -> None:
    """Its holder was texted in the first step."""
    assert registered is None
    await pass_at(PREPARE)
    assert len(sent) == 1


async def actions(installation: Installation) -> list[tuple[str, str, dict[str, Any]]]:
    its = actions_table.c
    wanted = select(its.by, its.what, its.detail).where(its.what.startswith("rules"))
    async with installation.database.read() as connection:
        rows = (await connection.execute(wanted)).all()
    return [(one.by, one.what, one.detail) for one in rows]


async def test_every_type_is_listed_page_by_page(ask: Ask) -> None:
    _, whole = await ask("GET", "/v1/rules")
    codes = [one["code"] for one in whole["items"]]
    assert (whole["next"], codes) == (None, sorted(codes))
    _, page = await ask("GET", "/v1/rules?limit=2")
    assert (page["items"], page["next"]) == (whole["items"][:2], codes[1])
    _, after = await ask("GET", f"/v1/rules?limit=500&after={codes[1]}")
    assert after["items"] == whole["items"][2:]
    [never] = [one for one in whole["items"] if one["never"] == "abolished"][:1]
    assert never["versions"] == []


async def test_a_rule_shows_its_words_its_versions_and_who_installed_them(
    ask: Ask,
) -> None:
    status, rule = await ask("GET", f"/v1/rules/{FOOD}")
    assert status == 200
    assert rule["certificate"]["zh"] == "食品生产许可证"
    assert rule["number_tail"] == "last 4"
    assert rule["never"] is None
    version = rule["versions"][-1]
    assert version["key"] == f"{SERIES}.1"
    assert version["closes"] == "30 working days before expiry"
    assert version["reference"]["article"] == "第三十四条"
    assert version["steps"][0]["at"] == "60 days before closing"
    told = rule["history"][-1]
    assert (told["key"], told["state"]) == (f"{SERIES}.1", "active")
    assert told["applied_by"] == "db upgrade"


async def test_a_rule_that_reminds_nobody_says_why(ask: Ask) -> None:
    _, rule = await ask("GET", "/v1/rules/cn-advertising-release-registration")
    assert rule["never"]["because"] == "abolished"
    assert rule["never"]["reference"]["title"] == "中华人民共和国广告法"
    assert rule["versions"] == rule["history"] == []


@pytest.mark.usefixtures("registered")
async def test_a_dry_run_shows_what_the_change_then_does(
    ask: Ask, version: dict[str, Any]
) -> None:
    body = closing(version, "60 working days before expiry")
    status, seen = await ask("POST", f"{VERSIONS}?dry_run=true", body)
    assert (status, seen["applied"], seen["permits"]) == (200, False, 1)
    assert seen["changes"] == [
        {
            "before": f"{SERIES}.1",
            "after": f"{SERIES}.2",
            "fields": [
                {
                    "field": "closes",
                    "before": "30 working days before expiry",
                    "after": "60 working days before expiry",
                }
            ],
        }
    ]
    assert seen["earlier"]["permits"] == 1
    assert len(seen["weeks"]) == 12
    _, rule = await ask("GET", f"/v1/rules/{FOOD}")
    assert f"{SERIES}.2" not in [one["key"] for one in rule["versions"]]
    status, done = await ask("POST", VERSIONS, body)
    assert status == 201
    assert done == seen | {"applied": True}
    _, permit = await ask("GET", f"/v1/permits/{FOOD}/SC0001")
    assert permit["version"] == f"{SERIES}.2"


async def test_the_same_version_twice_changes_nothing_the_second_time(
    ask: Ask, version: dict[str, Any]
) -> None:
    body = closing(version, "60 working days before expiry")
    assert (await ask("POST", VERSIONS, body))[0] == 201
    _, before = await ask("GET", f"/v1/rules/{FOOD}")
    status, again = await ask("POST", VERSIONS, body)
    assert (status, again["changes"], again["permits"]) == (200, [], 0)
    assert (await ask("GET", f"/v1/rules/{FOOD}"))[1] == before


async def test_a_version_is_logged_with_the_name_of_the_key(
    ask: Ask, version: dict[str, Any]
) -> None:
    await ask("POST", VERSIONS, closing(version, "40 working days before expiry"))
    _, rule = await ask("GET", f"/v1/rules/{FOOD}")
    told = {one["key"]: (one["state"], one["applied_by"]) for one in rule["history"]}
    assert told[f"{SERIES}.1"] == ("former", "db upgrade")
    assert told[f"{SERIES}.2"] == ("active", "test")


async def test_a_new_series_is_added_to_the_existing_ones(
    ask: Ask, version: dict[str, Any]
) -> None:
    body = version | {"in_force_from": "2027-01-01", "jurisdiction": "990000"}
    status, done = await ask("POST", VERSIONS, body)
    assert status == 201
    new = f"{FOOD}@2027-01-01/990000.1"
    assert done["changes"] == [{"before": None, "after": new, "fields": []}]
    _, rule = await ask("GET", f"/v1/rules/{FOOD}")
    assert {new, f"{SERIES}.1"} <= {one["key"] for one in rule["versions"]}


@pytest.mark.usefixtures("texted")
async def test_a_dropped_step_is_refused_unless_forced_with_a_reason(
    ask: Ask, installation: Installation, version: dict[str, Any]
) -> None:
    body = stepping(version, name="first-word") | {"new_term": "expiry"}
    _, seen = await ask("POST", f"{VERSIONS}?dry_run=true", body)
    dropped, again = seen["objections"]
    assert 'must say replaces = "prepare"' in dropped
    assert "would be texted again at once in the new step first-word" in again
    status, problem = await ask("POST", VERSIONS, body)
    assert status == 409
    assert f"{dropped}; {again}; correct it" in problem["detail"]
    status, done = await ask("POST", f"{VERSIONS}?force=the+old+text+was+wrong", body)
    assert (status, done["objections"]) == (201, [dropped, again])
    by, what, detail = (await actions(installation))[-1]
    assert (by, what) == ("test", "rules apply")
    assert detail["reason"] == "the old text was wrong"


@pytest.mark.usefixtures("texted")
async def test_a_step_that_says_what_it_replaces_texts_nobody_twice(
    ask: Ask,
    version: dict[str, Any],
    pass_at: Callable[[datetime], Awaitable[None]],
    sent: list[Outgoing],
) -> None:
    body = stepping(version, name="first-word", replaces="prepare")
    status, done = await ask("POST", VERSIONS, body | {"new_term": "expiry"})
    assert (status, done["objections"]) == (201, [])
    assert done["kept"] == {"prepare": 1}
    await pass_at(PREPARE)
    assert len(sent) == 1


@pytest.mark.usefixtures("registered")
async def test_who_got_the_last_call_is_not_told_to_prepare_after_it(
    ask: Ask,
    version: dict[str, Any],
    pass_at: Callable[[datetime], Awaitable[None]],
    sent: list[Outgoing],
) -> None:
    await pass_at(LAST_CALL)
    assert len(sent) == 1
    body = closing(version, "20 working days before expiry")
    _, seen = await ask("POST", f"{VERSIONS}?dry_run=true", body)
    assert (seen["objections"], seen["late"]) == ([], {})
    assert {week["after"] for week in seen["weeks"]} == {0}
    assert (await ask("POST", VERSIONS, body))[0] == 201
    await pass_at(LAST_CALL + timedelta(days=4))
    assert len(sent) == 1


@pytest.mark.usefixtures("registered")
async def test_a_shadow_is_shown_beside_what_is_active_and_never_sends(
    ask: Ask,
    version: dict[str, Any],
    pass_at: Callable[[datetime], Awaitable[None]],
    sent: list[Outgoing],
) -> None:
    body = closing(version, "100 working days before expiry")
    status, told = await ask("POST", f"{VERSIONS}?shadow=true", body)
    assert (status, told["applied"], told["permits"]) == (201, False, 1)
    _, rule = await ask("GET", f"/v1/rules/{FOOD}")
    states = {one["key"]: one["state"] for one in rule["versions"]}
    assert states[f"{SERIES}.1"] == "active"
    assert states[f"{SERIES}.2"] == "shadow"
    await pass_at(datetime.fromisoformat("2024-07-01T10:00+08:00"))
    assert sent == []
    assert (await ask("POST", f"{VERSIONS}?shadow=true", body))[0] == 200


@pytest.mark.usefixtures("registered")
async def test_a_change_is_reverted_once(ask: Ask, version: dict[str, Any]) -> None:
    await ask("POST", VERSIONS, closing(version, "60 working days before expiry"))
    status, seen = await ask("POST", f"{REVERT}?dry_run=true")
    assert (status, seen["applied"]) == (200, False)
    status, done = await ask("POST", REVERT)
    assert (status, done) == (200, seen | {"applied": True})
    assert done["changes"][0]["after"] == f"{SERIES}.1"
    _, permit = await ask("GET", f"/v1/permits/{FOOD}/SC0001")
    assert permit["version"] == f"{SERIES}.1"
    status, problem = await ask("POST", REVERT)
    assert status == 409
    assert "no former version to go back to" in problem["detail"]


async def test_every_mistake_of_a_version_is_reported_at_once(
    ask: Ask, version: dict[str, Any]
) -> None:
    body = stepping(version, at="60 days or so", template="sms") | {"shade": 1}
    del body["reference"]["title"]
    status, problem = await ask("POST", VERSIONS, body)
    assert status == 422
    fields = [one["field"] for one in problem["errors"]]
    assert fields == ["steps[1].at", "steps[1].template", "reference.title", "shade"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"revision": 2}, "revision"),
        ({"in_force_from": "20200301"}, "in_force_from"),
        ({"in_force_until": "2019-12-31"}, "in_force_until"),
        ({"late": {"zh": "半\ud800个", "en": "half a character"}}, "late.zh"),
        ({"jurisdiction": "two\nlines"}, "jurisdiction"),
        ({"odd\ud800": 1}, "odd\\ud800"),
        ({"steps": None}, "steps"),
    ],
)
async def test_a_value_that_is_wrong_is_named(
    ask: Ask, version: dict[str, Any], changed: dict[str, Any], field: str
) -> None:
    status, problem = await ask("POST", VERSIONS, version | changed)
    assert status == 422
    assert [one["field"] for one in problem["errors"]] == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("dry_run=yes", "dry_run"),
        ("shadow=1", "shadow"),
        ("force=", "force"),
        (f"force={'x' * 201}", "force"),
        ("apply=true", "apply"),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(
    ask: Ask, version: dict[str, Any], query: str, field: str
) -> None:
    status, problem = await ask("POST", f"{VERSIONS}?{query}", version)
    assert status == 422
    assert [one["field"] for one in problem["errors"]] == [field]


async def test_null_counts_as_absent_at_any_depth(
    ask: Ask, version: dict[str, Any]
) -> None:
    body = stepping(version, until=None, replaces=None) | {"opens": None, "late": None}
    status, told = await ask("POST", f"{VERSIONS}?dry_run=true", body)
    assert status == 200
    assert {one["field"] for one in told["changes"][0]["fields"]} <= {
        "late.zh",
        "late.en",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/rules/cn-tea-installation"),
        ("POST", "/v1/rules/cn-tea-installation/versions"),
        ("POST", "/v1/rules/cn-tea-installation/revert"),
    ],
)
async def test_an_unknown_rule_is_not_found(
    ask: Ask, version: dict[str, Any], method: str, path: str
) -> None:
    body = version if path.endswith("versions") else None
    status, problem = await ask(method, path, body)
    assert status == 404
    assert "unknown rule 'cn-tea-installation'" in problem["detail"]


async def test_a_source_checked_on_a_day_to_come_is_a_mistake(
    ask: Ask, version: dict[str, Any]
) -> None:
    body = version | {"reference": version["reference"] | {"checked_on": "2099-01-01"}}
    status, problem = await ask("POST", VERSIONS, body)
    assert status == 422
    assert "reference.checked_on" in str(problem)
    assert "not one to come" in str(problem)


async def test_a_version_whose_text_would_take_three_segments_is_a_mistake(
    ask: Ask, version: dict[str, Any]
) -> None:
    late = {"zh": "逾期须说明理由", "en": "Late filing needs reasons in writing; " * 2}
    late["en"] = late["en"][:69]
    path = "/v1/rules/cn-special-equipment-production-license/versions?dry_run=true"
    status, problem = await ask("POST", path, version | {"late": late})
    assert status == 422
    [error] = problem["errors"]
    assert error["field"] == "steps"
    assert "last-call in en: 3 segments" in error["found"]
    assert "late.en" in error["expected"]


async def test_a_type_without_versions_gets_its_first(
    ask: Ask, version: dict[str, Any]
) -> None:
    """It never reminds; the version gives dates to look at."""
    path = "/v1/rules/cn-direct-selling-license/versions?dry_run=true"
    status, impact = await ask("POST", path, version | {"steps": []})
    assert status == 200, impact


@pytest.mark.parametrize("query", ["", "?dry_run=true", "?shadow=true", "?force=law"])
async def test_an_abolished_type_takes_no_new_version(
    ask: Ask, version: dict[str, Any], query: str
) -> None:
    path = "/v1/rules/cn-advertising-release-registration"
    body = version | {"steps": []}
    status, problem = await ask("POST", f"{path}/versions{query}", body)
    assert status == 409
    assert "abolished, so it takes no new version: the Advert" in problem["detail"]
    _, shown = await ask("GET", path)
    assert shown["history"] == []


async def test_a_version_is_no_longer_than_64_kib(
    http: Http, version: dict[str, Any]
) -> None:
    body = version | {"opens": "x" * 70_000}
    async with http.post(VERSIONS, json=body) as answer:
        assert answer.status == 413
