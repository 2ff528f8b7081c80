"""The inbox over HTTP: read page by page, and decided with the name of the key."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from service.app import Installation
from service.domain.delivery.outcome import Inbound
from service.flow.sending.outcomes.receive import receive_inbound

Ask = Callable[..., Awaitable[tuple[int, Any]]]
PassAt = Callable[[datetime], Awaitable[None]]

WHERE = "/v1/inbox"
PERMIT = "/v1/permits/cn-food-production-license/SC10199000000142"
REASON = {"reason": "rang them"}


@pytest.fixture
async def heard(ask: Ask, fields: dict[str, Any], installation: Installation) -> None:
    """A permit is registered, and its phone and a stranger's have texted."""
    assert (await ask("PUT", PERMIT, fields))[0] == 201
    phones = installation.register_deps.phone_reader
    for name, sender in (("SM1", "+12125550142"), ("SM2", "+12125550177")):
        await receive_inbound(
            Inbound("sandbox", name, sender, "call +1 212 555 0142\n?", {}),
            installation.receive_store,
            phones,
            installation.vault,
            installation.clock,
        )


@pytest.mark.usefixtures("heard")
async def test_a_text_is_listed_with_its_permits_and_without_a_phone(ask: Ask) -> None:
    first: dict[str, Any] = {
        "id": "SM1",
        "provider": "sandbox",
        "received_at": "2024-01-29T02:00:00Z",
        "phone": "+1212***0142",
        "text": "call +1212***0142 ?",
        "permits": [
            {
                "authority": "990000",
                "rule": "cn-food-production-license",
                "number": "SC10199000000142",
                "holder": "临江甜点有限公司",
            }
        ],
    }
    stranger = first | {"id": "SM2", "phone": "+1212***0177", "permits": []}
    page: dict[str, Any] = {"items": [first, stranger], "next": None}
    assert await ask("GET", WHERE) == (200, page)
    page = {"items": [first], "next": None}
    assert await ask("GET", f"{WHERE}?authority=990000") == (200, page)
    page = {"items": [], "next": None}
    assert await ask("GET", f"{WHERE}?authority=us-nyc") == (200, page)
    page = {"items": [first], "next": "SM1"}
    assert await ask("GET", f"{WHERE}?limit=1") == (200, page)
    page = {"items": [stranger], "next": None}
    assert await ask("GET", f"{WHERE}?limit=1&after=SM1") == (200, page)
    for unknown in ("authority=1", "after=SM9"):
        assert (await ask("GET", f"{WHERE}?{unknown}"))[0] == 404


@pytest.mark.usefixtures("heard")
async def test_a_decision_empties_the_inbox_and_names_the_key(
    ask: Ask, installation: Installation
) -> None:
    assert await ask("POST", f"{WHERE}/SM1/opt-out", REASON) == (204, None)
    assert await ask("POST", f"{WHERE}/SM2/handled", REASON) == (204, None)
    assert (await ask("GET", WHERE))[1]["items"] == []
    assert (await ask("POST", f"{WHERE}/SM2/opt-out", REASON))[0] == 409
    [opted_out] = (await ask("GET", "/v1/opt-outs"))[1]["items"]
    assert (opted_out["phone"], opted_out["via"]) == ("+1212***0142", "api")
    async with installation.database.read() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT by, what FROM actions ORDER BY id DESC LIMIT 2"
        )
        assert {tuple(row) for row in rows} == {
            ("test", "opt-out"),
            ("test", "text handled"),
        }


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("SM3/handled", REASON, 404, "unknown text 'SM3'"),
        ("+12125550142/handled", REASON, 404, "unknown text '+1212***0142'"),
        ("SM1/handled", {}, 422, "reason: found nothing, expected why, in one line"),
    ],
)
async def test_what_cannot_be_decided_is_a_problem_without_a_phone(
    ask: Ask, path: str, body: object, status: int, told: str
) -> None:
    found, problem = await ask("POST", f"{WHERE}/{path}", body)
    assert (found, told in problem["detail"]) == (status, True)
    assert len((await ask("GET", WHERE))[1]["items"]) == 2
