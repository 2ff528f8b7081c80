from collections.abc import Awaitable, Callable
from typing import Any

Ask = Callable[..., Awaitable[tuple[int, Any]]]


async def test_an_sqlite_ledger_never_changes_its_server(ask: Ask) -> None:
    status, told = await ask("GET", "/v1/failover")
    assert status == 200
    assert told == {
        "server": None,
        "found_at": None,
        "doubt": None,
        "asked": 0,
        "held": 0,
    }
    status, told = await ask("POST", "/v1/failover", {"reason": "none was sent"})
    assert (status, told["detail"]) == (409, "no failover is to be decided on")
