"""Permits that no SMS reaches, over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import update

from service.adapters.store.db.schema import recipients
from service.app import Installation
from tests.web.conftest import NOW

Ask = Callable[..., Awaitable[tuple[int, Any]]]

WHERE = "/v1/unreachable"
PERMIT = "/v1/permits/cn-food-production-license/SC1019900000014"


@pytest.fixture
async def lost(installation: Installation, ask: Ask, fields: dict[str, Any]) -> None:
    """Three permits; no SMS reaches two of them."""
    for at, phones in enumerate([fields["phones"], [], ["+12125550150"]]):
        status, _ = await ask("PUT", f"{PERMIT}{at}", fields | {"phones": phones})
        assert status == 201
    async with installation.database.write() as connection:
        await connection.execute(
            update(recipients)
            .where(recipients.c.masked == "+1212***0142")
            .values(unreachable_at=NOW, unreachable_by="30005")
        )


@pytest.mark.usefixtures("lost")
async def test_each_is_shown_with_its_phones_and_why(ask: Ask) -> None:
    status, page = await ask("GET", WHERE)
    assert status == 200
    first, second = page["items"]
    assert first == {
        "authority": "990000",
        "rule": "cn-food-production-license",
        "number": "SC10199000000140",
        "holder": "临江甜点有限公司",
        "phones": [
            {
                "phone": "+1212***0142",
                "line": "mobile",
                "unreachable_at": "2024-01-29T02:00:00Z",
                "unreachable_by": "30005",
            },
            {
                "phone": "+8610****5678",
                "line": "fixed",
                "unreachable_at": None,
                "unreachable_by": None,
            },
        ],
        "why": "unreachable (30005), fixed line",
        "closes_on": "2024-11-18",
        "expires_on": "2024-12-31",
    }
    assert (second["phones"], second["why"]) == ([], "no phone number")
    assert page["next"] is None


@pytest.mark.usefixtures("lost")
async def test_pages_and_offices_narrow_it(ask: Ask) -> None:
    _, page = await ask("GET", f"{WHERE}?limit=1&authority=990000")
    assert [one["number"][-1] for one in page["items"]] == ["0"]
    _, page = await ask("GET", f"{WHERE}?limit=1&after={page['next']}")
    assert [one["number"][-1] for one in page["items"]] == ["1"]
    assert page["next"] is None
    assert (await ask("GET", f"{WHERE}?authority=us-nyc"))[1]["items"] == []
    assert (await ask("GET", f"{WHERE}?authority=880000"))[0] == 404
    assert (await ask("GET", f"{WHERE}?number=1"))[0] == 422
