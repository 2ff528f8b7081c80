"""A change is made only of what was read: ETag, If-Match, If-None-Match."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from multidict import CIMultiDict

from service.domain.errors import PreconditionError
from service.web.api.preconditions import Precondition, read_precondition

Http = TestClient[web.Request, web.Application]

PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"
RULE = "/v1/rules/cn-food-production-license"
OFFICE = "/v1/authorities/990000"
TEMPLATE = "/v1/templates/renewal-last-call"
YEAR = "/v1/calendars/CN/2027"


async def tag_of(http: Http, path: str) -> str:
    async with http.get(path) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.headers["ETag"]


async def send(
    http: Http, method: str, path: str, body: object, **headers: str
) -> tuple[int, str]:
    """The status, and the detail of a problem or the ETag."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.request(method, path, json=body, headers=named) as answer:
        told = (
            await answer.json() if answer.content_type.endswith("problem+json") else {}
        )
        return answer.status, told.get("detail", answer.headers.get("ETag", ""))


async def test_of_two_changes_of_one_state_of_a_permit_only_one_is_made(
    http: Http, fields: dict[str, Any]
) -> None:
    """The phones differ only where their masks hide it."""
    _, first = await send(http, "PUT", PERMIT, fields)
    assert await tag_of(http, PERMIT) == first
    mine = {**fields, "phones": ["+12126660142"]}
    theirs = {**fields, "phones": ["+12127770142"]}
    status, second = await send(http, "PUT", PERMIT, mine, If_Match=first)
    assert (status, second != first) == (200, True)
    assert (await send(http, "PUT", PERMIT, theirs, If_Match=first))[0] == 412
    assert (await send(http, "DELETE", PERMIT, None, If_Match=first))[0] == 412
    assert await tag_of(http, PERMIT) == second
    assert (await send(http, "DELETE", PERMIT, None, If_Match=second))[0] == 204
    assert await tag_of(http, PERMIT) != second


async def test_a_permit_is_created_or_changed_only_as_required(
    http: Http, fields: dict[str, Any]
) -> None:
    status, detail = await send(http, "PUT", PERMIT, fields, If_Match="*")
    assert (status, "there is none" in detail) == (412, True)
    assert (await send(http, "PUT", PERMIT, fields, If_None_Match="*"))[0] == 201
    assert (await send(http, "PUT", PERMIT, fields, If_None_Match="*"))[0] == 412
    assert (await send(http, "PUT", PERMIT, fields, If_Match="*"))[0] == 200


async def test_an_authority_is_changed_only_as_it_was_read(
    http: Http,
) -> None:
    read = await tag_of(http, OFFICE)
    async with http.get(OFFICE) as answer:
        shown = await answer.json()
    office = {k: v for k, v in shown.items() if k not in {"sender", "staff", "rules"}}
    changed = {**office, "helpline": "12345-6"}
    assert (await send(http, "PUT", OFFICE, changed, If_Match=read))[0] == 200
    assert (await send(http, "PUT", OFFICE, office, If_Match=read))[0] == 412
    preview = f"{OFFICE}?dry_run=true"
    assert (await send(http, "PUT", preview, office, If_Match=read))[0] == 412
    assert await tag_of(http, OFFICE) != read
    assert (await send(http, "PUT", OFFICE, office, If_None_Match="*"))[0] == 412


async def test_a_year_of_a_calendar_is_changed_only_as_it_was_read(http: Http) -> None:
    read = await tag_of(http, YEAR)
    mine = {"published": False, "source": "notice 3", "off": [{"day": "2027-03-05"}]}
    theirs = {**mine, "source": "notice 4"}
    assert (await send(http, "PUT", YEAR, mine, If_None_Match="*"))[0] == 412
    assert (await send(http, "PUT", YEAR, mine, If_Match=read))[0] == 200
    assert (await send(http, "PUT", YEAR, theirs, If_Match=read))[0] == 412
    assert await tag_of(http, "/v1/calendars/CN/2028") != read
    now = await tag_of(http, YEAR)
    assert (await send(http, "PUT", YEAR, theirs, If_Match=now))[0] == 200


async def test_a_rule_gets_a_version_only_as_it_was_read(http: Http) -> None:
    read = await tag_of(http, RULE)
    async with http.get(RULE) as answer:
        version = (await answer.json())["versions"][-1]
    body = {
        name: value
        for name, value in version.items()
        if name not in {"key", "state", "revision"}
    }
    body["reference"] = {**body["reference"], "checked_on": "2024-01-02"}
    path = f"{RULE}/versions"
    assert (await send(http, "POST", path, body, If_Match=read))[0] == 201
    body["reference"] = {**body["reference"], "checked_on": "2024-01-03"}
    assert (await send(http, "POST", path, body, If_Match=read))[0] == 412
    assert (await send(http, "POST", f"{RULE}/revert", None, If_Match=read))[0] == 412
    now = await tag_of(http, RULE)
    assert (await send(http, "POST", f"{RULE}/revert", None, If_Match=now))[0] == 200


async def test_a_template_is_saved_only_as_it_was_read(http: Http) -> None:
    read, path = await tag_of(http, TEMPLATE), f"{TEMPLATE}/versions"
    async with http.get(TEMPLATE) as answer:
        shipped = (await answer.json())["zh"]
    body = {"language": "zh", "text": shipped.replace("如需", "需要")}
    status, detail = await send(http, "POST", path, body, If_Match=read)
    assert status == 201, detail
    body["text"] = shipped
    assert (await send(http, "POST", path, body, If_Match=read))[0] == 412
    now = await tag_of(http, TEMPLATE)
    assert (await send(http, "POST", path, body, If_Match=now))[0] == 201


@pytest.mark.parametrize(
    ("method", "path", "header"),
    [
        ("GET", PERMIT, "If-None-Match"),
        ("GET", "/v1/permits", "If-Match"),
        ("GET", RULE, "If-Modified-Since"),
        ("DELETE", PERMIT, "If-Unmodified-Since"),
        ("PUT", PERMIT, "If-Range"),
        ("POST", "/v1/pause", "If-Match"),
    ],
)
async def test_a_precondition_that_is_not_honoured_is_refused(
    http: Http, method: str, path: str, header: str
) -> None:
    async with http.request(method, path, json={}, headers={header: '"x"'}) as answer:
        problem = await answer.json()
    assert (answer.status, problem["errors"][0]["field"]) == (422, header)


@pytest.mark.parametrize(
    ("header", "tags", "revision"),
    [
        ("If-Match", '"a"', "a"),
        ("If-Match", '"b", "a"', "a"),
        ("If-Match", '"b","a"', "a"),
        ("If-Match", "*", "a"),
        ("If-None-Match", '"b"', "a"),
        ("If-None-Match", "*", None),
    ],
)
def test_a_revision_is_as_required(
    header: str, tags: str, revision: str | None
) -> None:
    read_precondition(CIMultiDict({header: tags})).check(revision)


@pytest.mark.parametrize(
    ("header", "tags", "revision"),
    [
        ("If-Match", 'W/"a"', "a"),
        ("If-Match", '"b"', "a"),
        ("If-Match", "*", None),
        ("If-Match", '"a"', None),
        ("If-None-Match", '"a"', "a"),
        ("If-None-Match", 'W/"a"', "a"),
        ("If-None-Match", "*", "a"),
    ],
)
def test_a_revision_is_not_as_required(
    header: str, tags: str, revision: str | None
) -> None:
    precondition = read_precondition(CIMultiDict({header: tags}))
    with pytest.raises(PreconditionError, match=header):
        precondition.check(revision)


@pytest.mark.parametrize("tags", ["", "a", '"a', '"a" "b"', '*, "a"', 'w/"a"', '"a",'])
def test_what_is_no_tag_is_that_of_nothing(tags: str) -> None:
    with pytest.raises(PreconditionError, match="If-Match"):
        read_precondition(CIMultiDict({"If-Match": tags}))


def test_without_a_header_everything_is_as_required() -> None:
    assert read_precondition(CIMultiDict()) == Precondition()
    Precondition().check(None)
