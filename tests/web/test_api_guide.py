"""The two pages about the API: a guide by hand, a reference from the OpenAPI document.

What is in neither docs/api.md nor docs/api-reference.md does not exist.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from difflib import unified_diff
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestServer

from service.web.api.endpoint import Endpoint
from service.web.application import ENDPOINTS
from tests.docs.api_reference import UPDATE, api_reference
from tests.docs.pages import ROOT, blocks

Ask = Callable[..., Awaitable[tuple[int, Any]]]

GUIDE = (ROOT / "docs/api.md").read_text("utf-8")
REFERENCE = (ROOT / "docs/api-reference.md").read_text("utf-8")
PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"


def sections(page: str) -> dict[str, str]:
    """The sections of a page by their headings."""
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part for part in parts}


IN_GUIDE = sections(GUIDE)
IN_REFERENCE = sections(REFERENCE)
ROUTES = {title for title in IN_REFERENCE if "/" in title}
BY_HAND = {"GET /openapi.json", "POST /webhooks/{provider}/{kind}"}
"""Routes that the OpenAPI document does not have: the guide explains them."""

CALLS = re.findall(
    r'^curl (?:.*?-X (\w+) )?.*?"\$API([^"]+)"',
    "\n".join(blocks(GUIDE, "sh")),
    re.MULTILINE,
)


def test_the_reference_is_current() -> None:
    changes = unified_diff(
        REFERENCE.splitlines(), api_reference().splitlines(), "committed", "this code"
    )
    shown = "\n".join(changes)
    assert not shown, f"docs/api-reference.md is old; to renew it: {UPDATE}\n{shown}"


def test_the_guide_is_short_enough_to_be_read() -> None:
    assert len(GUIDE.splitlines()) <= 250


def test_every_route_is_documented_and_every_documented_route_exists(
    server: TestServer,
) -> None:
    assert server.app
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in server.app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    assert served == ROUTES | BY_HAND
    assert all(f"`{route}`" in GUIDE for route in BY_HAND)


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_a_section_of_the_reference_shows_a_call_and_its_answers(route: str) -> None:
    section = IN_REFERENCE[route]
    [call] = blocks(section, "sh")
    method, _, path = route.partition(" ")
    assert re.search(rf'curl .*"\$API{pattern(path)}["?]', call, re.DOTALL)
    assert method == "GET" or f"-X {method} " in call
    assert "\n**Answer 20" in section
    for body in re.findall(r"-d '(.*)'", call):
        orjson.loads(body)


def pattern(path: str) -> str:
    """A regular expression for the addresses of a route."""
    return re.sub(r"\\{\w+\\}", '[^/?"]+', re.escape(path))


@pytest.mark.parametrize(("method", "address"), CALLS)
def test_a_call_of_the_guide_is_one_to_a_route(method: str, address: str) -> None:
    path = address.partition("?")[0]
    assert any(
        re.fullmatch(f"{method or 'GET'} {pattern(route)}", f"{method or 'GET'} {path}")
        for verb, _, route in (one.partition(" ") for one in ROUTES)
        if verb == (method or "GET")
    )


def test_the_json_of_the_guide_is_json() -> None:
    assert [orjson.loads(block) for block in blocks(GUIDE, "json")]


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.function.__name__)
def test_every_parameter_and_field_is_mentioned(one: Endpoint) -> None:
    section = IN_REFERENCE[f"{one.method} {one.path}"]
    for model in one.parameters.values():
        for name, field in model.model_fields.items():
            assert f"\n| `{field.alias or name}` | " in section
    if one.body:
        explained = section + IN_REFERENCE.get(one.body.__name__, "")
        assert all(f"\n| `{name}` | " in explained for name in one.body.model_fields)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 500])
def test_every_status_of_an_error_is_in_the_table(status: int) -> None:
    assert f"\n| {status} | " in IN_GUIDE["Errors"]


@pytest.mark.usefixtures("server")
async def test_the_answers_shown_are_the_answers_given(ask: Ask) -> None:
    [permit] = json_of("Register a permit")
    _, made = await ask("PUT", PERMIT, example_body())
    assert made == permit
    [explanation] = json_of("Ask why a permit is texted on a day")
    query = "rule=cn-food-production-license&expires=2026-12-31"
    _, explained = await ask("GET", f"/v1/explain?{query}")
    assert without_install_time(explained) == without_install_time(explanation)


@pytest.mark.usefixtures("server")
async def test_the_error_shown_is_the_error_given(ask: Ask) -> None:
    [problem] = json_of("Errors")
    wrong = example_body() | {"expires_on": "31/12/2026"}
    assert await ask("PUT", PERMIT, wrong) == (problem["status"], problem)


def json_of(title: str) -> Iterator[Any]:
    """The JSON that a section of the guide shows."""
    return map(orjson.loads, blocks(IN_GUIDE[title], "json"))


def example_body() -> dict[str, Any]:
    """The permit that the guide puts."""
    [call] = blocks(IN_GUIDE["Register a permit"], "sh")
    body = re.search(r"-d '(.*)'", call)
    assert body
    found: dict[str, Any] = orjson.loads(body[1])
    return found


def without_install_time(explained: dict[str, Any]) -> dict[str, Any]:
    """An explanation that does not say when its version was installed."""
    lines = [
        re.sub("(?<=upgrade on )[0-9: -]{16}", "…", line) for line in explained["trace"]
    ]
    return explained | {"trace": lines}
