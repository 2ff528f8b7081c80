from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import Installation

Ask = Callable[..., Awaitable[tuple[int, Any]]]

FOOD = "cn-food-production-license"
EVE = datetime(2024, 9, 18, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def registered(
    ask: Ask, fields: dict[str, Any], installation: Installation
) -> None:
    """Two permits whose first step falls due on Thursday 19 September 2024."""
    for number in ("SC10199000000142", "SC10199000000143"):
        await ask("PUT", f"/v1/permits/{FOOD}/{number}", fields)
    await installation.pause_store.set_simulated_now(EVE)
    installation.clock.move_to(EVE)  # type: ignore[attr-defined] # simulated


async def test_a_forecast_has_every_day_and_its_types(ask: Ask) -> None:
    status, told = await ask("GET", "/v1/forecast?days=3")
    assert status == 200
    assert told == {
        "authority": "990000",
        "as_of": "2024-09-18T08:00:00Z",
        "days": [
            {"day": "2024-09-18", "reminders": 0, "rules": {}},
            {"day": "2024-09-19", "reminders": 2, "rules": {FOOD: 2}},
            {"day": "2024-09-20", "reminders": 0, "rules": {}},
        ],
    }


@pytest.mark.parametrize(
    ("query", "days", "reminders"),
    [("", 14, 2), ("?days=1", 1, 0), ("?days=90", 90, 4), ("?authority=us-nyc", 14, 0)],
)
async def test_a_forecast_can_be_limited_to_days_and_an_authority(
    ask: Ask, query: str, days: int, reminders: int
) -> None:
    status, told = await ask("GET", f"/v1/forecast{query}")
    assert status == 200
    assert len(told["days"]) == days
    assert sum(one["reminders"] for one in told["days"]) == reminders


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("days=0", 422, "days: found '0', expected a number of days from 1 to 90"),
        ("days=91", 422, "days: found '91'"),
        ("days=-1", 422, "days: found '-1'"),
        ("days=ten", 422, "days: found 'ten'"),
        ("days=1&days=2", 422, "days: found the parameter twice"),
        ("by=rule", 422, "by: found an unknown parameter"),
        ("authority=110000", 404, "unknown authority '110000'"),
    ],
)
async def test_a_wrong_parameter_is_named(
    ask: Ask, query: str, status: int, told: str
) -> None:
    found, problem = await ask("GET", f"/v1/forecast?{query}")
    assert found == status
    assert told in problem["detail"]
