import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

Ask = Callable[..., Awaitable[tuple[int, Any]]]

NUMBER = "SC10199000000142"
PERMIT = f"/v1/permits/cn-food-production-license/{NUMBER}"


async def test_a_request_is_logged_as_one_line_with_its_route_and_no_number(
    ask: Ask, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logged, caplog.at_level(logging.DEBUG, "aiohttp"):
        await ask("PUT", PERMIT, fields)
        await ask("GET", f"/v1/explain?permit={NUMBER}&colour=red")
        await ask("GET", f"/v1/kites/{NUMBER}")
    assert [(one["method"], one["route"], one["status"]) for one in logged] == [
        ("PUT", "/v1/permits/{rule}/{number}", 201),
        ("GET", "/v1/explain", 422),
        ("GET", "(none)", 404),
    ]
    assert all(one["ms"] >= 0 for one in logged)
    assert NUMBER not in str(logged)
    assert NUMBER not in caplog.text
    assert "aiohttp.access" not in caplog.text
