"""Templates over HTTP: list, show, save a version."""

from typing import Any

import pytest

from service.app import Installation
from tests.web.conftest import Ask

NAME = "renewal-last-call"
ONE = f"/v1/templates/{NAME}"
VERSIONS = f"{ONE}/versions"


async def spoken(ask: Ask, language: str) -> str:
    _, found = await ask("GET", ONE)
    return str(found[language])


@pytest.fixture
async def body(ask: Ask) -> dict[str, Any]:
    """A body with another text of the last call."""
    text = (await spoken(ask, "zh")).replace("如需", "需要")
    return {"language": "zh", "text": text}


async def test_templates_are_listed_page_by_page(ask: Ask) -> None:
    status, whole = await ask("GET", "/v1/templates")
    names = [one["name"] for one in whole["items"]]
    assert (status, whole["next"], names) == (200, None, sorted(names))
    assert whole["items"][0]["zh"] == {
        "version": 0,
        "saved_at": None,
        "saved_by": None,
    }
    _, page = await ask("GET", "/v1/templates?limit=2")
    assert (page["items"], page["next"]) == (whole["items"][:2], names[1])
    _, rest = await ask("GET", f"/v1/templates?after={names[1]}")
    assert rest["items"] == whole["items"][2:]


async def test_a_template_lists_its_facts_and_every_version(
    ask: Ask, body: dict[str, Any]
) -> None:
    await ask("POST", VERSIONS, body)
    status, found = await ask("GET", ONE)
    assert status == 200
    assert "helpline" in found["facts"]
    assert "provisional" not in found["facts"]
    assert found["conditions"] == [
        *("grace_ends_on", "late", "opened", "opens_on", "provisional")
    ]
    assert found["zh"] == body["text"]
    told = [(one["language"], one["version"]) for one in found["versions"]]
    assert told == [("zh", 0), ("zh", 1), ("en", 0)]
    mine = found["versions"][1]
    assert (mine["saved_by"], mine["saved_at"]) == ("test", "2024-01-29T02:00:00Z")
    _, page = await ask("GET", "/v1/templates")
    [one] = [one for one in page["items"] if one["name"] == NAME]
    assert (one["zh"]["version"], one["en"]["version"]) == (1, 0)


async def test_a_dry_run_answers_what_saving_answers_and_saves_nothing(
    ask: Ask, body: dict[str, Any], installation: Installation
) -> None:
    status, seen = await ask("POST", f"{VERSIONS}?dry_run=true", body)
    assert (status, seen["saved"], seen["version"]) == (200, False, 1)
    assert seen["preview"]["text"].startswith("【临江省市场监管局】")
    assert seen["preview"]["authority"] == "990000"
    assert (seen["preview"]["encoding"], seen["preview"]["forced_by"]) == ("UCS-2", [])
    assert seen["longest"]["segments"] == 2
    assert await installation.template_deps.store.saved_versions() == []
    status, made = await ask("POST", VERSIONS, body)
    assert (status, made) == (201, seen | {"saved": True})
    for path in (VERSIONS, f"{VERSIONS}?dry_run=true"):
        status, problem = await ask("POST", path, body)
        assert status == 409
        assert "version 1 says that already" in problem["detail"]


PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"


async def test_a_preview_is_the_text_that_the_holder_of_a_permit_gets(
    ask: Ask, fields: dict[str, Any], body: dict[str, Any]
) -> None:
    await ask("PUT", PERMIT, fields)
    number = "permit=SC10199000000142"
    status, seen = await ask("POST", f"{VERSIONS}?dry_run=true&{number}", body)
    told = seen["preview"]
    assert (status, told["rule"]) == (200, "cn-food-production-license")
    assert told["expires_on"] == fields["expires_on"]
    assert "（尾号0142）" in told["text"]
    elsewhere = f"{VERSIONS}?dry_run=true&{number}&authority=us-nyc"
    for path in (elsewhere, f"{VERSIONS}?dry_run=true&permit=SC1"):
        status, problem = await ask("POST", path, body)
        assert status == 404
        assert "unknown permit number" in problem["detail"]


async def test_every_mistake_of_a_text_is_reported_at_once(
    ask: Ask, body: dict[str, Any]
) -> None:
    wrong = body | {"text": body["text"].replace("提醒免费", "截止前缴费")}
    for path in (VERSIONS, f"{VERSIONS}?dry_run=true"):
        status, problem = await ask("POST", path, wrong)
        assert status == 422
        found = [one["found"] for one in problem["errors"]]
        assert found == ["no '免费'", "'截止'", "'缴费'"]
    wrong = body | {"text": "{{ phone }}\n{% set x = 1 %}"}
    _, problem = await ask("POST", VERSIONS, wrong)
    assert [one["field"] for one in problem["errors"]] == ["text line 1", "text line 2"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"language": "zh"}, "text"),
        ({"text": "ok"}, "language"),
        ({"language": "fr", "text": "ok"}, "language"),
        ({"language": "zh", "text": 1}, "text"),
        ({"language": "zh", "text": "ok", "by": "me"}, "by"),
        ({"language": "zh", "text": "\ud800"}, "text line 1"),
        ({"language": "zh", "text": "ok\u0000"}, "text line 1"),
        ({"language": "zh", "text": "a" * 2001}, "text"),
        ({"language": "en", "text": "{{ " + "(" * 1500}, "text"),
    ],
)
async def test_a_body_without_a_text_and_language_is_refused(
    ask: Ask, wrong: dict[str, Any], field: str
) -> None:
    status, problem = await ask("POST", VERSIONS, wrong)
    assert (status, problem["errors"][0]["field"]) == (422, field)


async def test_an_unknown_template_is_named(ask: Ask, body: dict[str, Any]) -> None:
    for method, path in (
        ("GET", "/v1/templates/hello"),
        ("POST", "/v1/templates/hello/versions"),
    ):
        status, problem = await ask(method, path, body if method == "POST" else None)
        assert status == 404
        assert "unknown template 'hello'; known: contact-now" in problem["detail"]
