from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from service.app import Installation
from tests.surface.http_lines import DOCUMENT

Http = TestClient[web.Request, web.Application]

GUARDED = [
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "security" not in operation
]


async def refused(http: Http, method: str, path: str, key: str | None) -> Any:  # noqa: ANN401 - JSON
    """Call a route; the problem of the answer, which must be a 401."""
    headers = {} if key is None else {"Authorization": key}
    async with http.request(method, path, headers=headers) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.content_type == "application/problem+json"
        return await answer.json()


@pytest.mark.parametrize(("method", "path"), [*GUARDED, ("GET", "/openapi.json")])
async def test_a_documented_route_without_a_key_says_how_to_make_one(
    stranger: Http, method: str, path: str
) -> None:
    told = await refused(stranger, method, path, None)
    assert "permit-reminders keys create NAME" in told["detail"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "pr_",
        "Bearer",
        "Bearer pr_",
        f"Bearer pr_{'a' * 43}",
        f"Bearer pr_{'a' * 5000}",
        f"Bearer pr_{'é' * 43}",
        f"Basic pr_{'a' * 43}",
    ],
)
async def test_an_invented_key_is_refused(stranger: Http, key: str) -> None:
    await refused(stranger, "GET", "/v1/permits", key)


async def test_without_a_key_unknown_routes_look_like_known_ones(
    stranger: Http,
) -> None:
    await refused(stranger, "GET", "/v1/kites", None)


async def test_a_key_works_until_it_is_revoked(
    stranger: Http, installation: Installation, key: str
) -> None:
    headers = {"Authorization": f"bearer {key}"}
    async with stranger.get("/v1/permits", headers=headers) as answer:
        assert answer.status == 200
    (made,) = await installation.api_key_store.list_keys()
    await installation.api_key_store.revoke(
        made.prefix, "test", installation.clock.now()
    )
    await refused(stranger, "GET", "/v1/permits", f"Bearer {key}")
