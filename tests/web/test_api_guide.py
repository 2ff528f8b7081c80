"""What is not in docs/api.md is not there."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestServer

from service.web.api.endpoint import Endpoint
from service.web.application import ENDPOINTS

Ask = Callable[..., Awaitable[tuple[int, Any]]]

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SECTIONS = {
    part.partition("\n")[0]: part
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
}
ROUTES = {title for title in SECTIONS if "/" in title}
BLOCKS = {
    title: re.findall(r"```\w*\n(.*?)```", SECTIONS[title], re.DOTALL)
    for title in ROUTES
}


def test_every_route_has_a_section_and_every_section_a_route(
    server: TestServer,
) -> None:
    assert server.app
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in server.app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    assert served == ROUTES


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_a_section_shows_a_call_and_its_answer(route: str) -> None:
    call, answer = BLOCKS[route]
    _, _, path = route.partition(" ")
    pattern = re.sub(r"\\{\w+\\}", '[^/?"]+', re.escape(path))
    assert re.search(rf'curl .*"\$API{pattern}["?]', call, re.DOTALL)
    if answer.startswith("{"):
        orjson.loads(answer)


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.function.__name__)
def test_every_parameter_and_field_is_mentioned(one: Endpoint) -> None:
    section = SECTIONS[f"{one.method} {one.path}"]
    if "query" in one.parameters:
        for name, field in one.parameters["query"].model_fields.items():
            assert f"`?{field.alias or name}=`" in section
    if one.body:
        assert all(f"`{name}`" in section for name in one.body.model_fields)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 500])
def test_every_status_of_an_error_is_in_the_table(status: int) -> None:
    assert f"\n| {status} | " in SECTIONS["Errors"]


@pytest.mark.usefixtures("server")
async def test_the_answers_shown_are_the_answers_given(ask: Ask) -> None:
    put, explain = (
        BLOCKS[f"{method} {path}"]
        for method, path in (
            ("PUT", "/v1/permits/{rule}/{number}"),
            ("GET", "/v1/explain"),
        )
    )
    body = re.search(r"-d '(.*)'", put[0])
    assert body
    path = "/v1/permits/cn-food-production-license/SC10199000000142"
    _, made = await ask("PUT", path, orjson.loads(body[1]))
    assert made == orjson.loads(put[1])
    query = "rule=cn-food-production-license&expires=2026-12-31"
    _, told = await ask("GET", f"/v1/explain?{query}")
    assert undated(told) == undated(orjson.loads(explain[1]))


def undated(told: dict[str, Any]) -> dict[str, Any]:
    """An explanation that does not say when its version was installed."""
    lines = [re.sub("(?<=upgrade on )[0-9: -]{16}", "…", one) for one in told["trace"]]
    return told | {"trace": lines}
