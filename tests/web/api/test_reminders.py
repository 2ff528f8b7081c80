from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.web.conftest import Prepared, valid_fields
from tests.web.past import after

Ask = Callable[..., Awaitable[tuple[int, Any]]]
PassAt = Callable[[datetime], Awaitable[None]]

FOOD = "cn-food-production-license"
DUE_AT = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
AT_NIGHT = datetime(2024, 9, 19, 13, tzinfo=UTC)


async def put(ask: Ask, *tails: int) -> None:
    """Register permits, each with a phone and a holder of its own."""
    for tail in tails:
        phones = [f"+1 212 555 0{tail}"]
        body = valid_fields() | {"phones": phones, "holder": f"Holder {tail}"}
        path = f"/v1/permits/{FOOD}/SC10199000000{tail}"
        assert (await ask("PUT", path, body))[0] == 201


async def numbers(ask: Ask, query: str = "") -> list[str]:
    """The tails of the permits a list is about."""
    status, page = await ask("GET", f"/v1/reminders?{query}")
    assert status == 200
    return [one["number"][-3:] for one in page["items"]]


async def day(ask: Ask, pass_at: PassAt) -> None:
    """Three reminders sent in the morning, and one that came at night and is held."""
    await put(ask, 142, 143, 144)
    await pass_at(DUE_AT)
    await put(ask, 145)
    await pass_at(AT_NIGHT)


@pytest.fixture(scope="module")
def prepared(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """An office after such a `day`."""
    return after(day, prepared, tmp_path_factory.mktemp("day"))


async def test_a_held_reminder_shows_the_reason_and_until_when(ask: Ask) -> None:
    _, page = await ask("GET", "/v1/reminders?held=true")
    [one] = page["items"]
    assert one["number"] == "SC10199000000145"
    assert (one["state"], one["hold_reason"], one["next_at"]) == (
        "due",
        "outside sending hours",
        "2024-09-20T01:30:00Z",
    )
    assert one["message"] is None
    _, page = await ask("GET", "/v1/reminders?state=sent&limit=1")
    [one] = page["items"]
    assert (one["hold_reason"], one["next_at"]) == (None, None)
    assert (await ask("GET", f"/v1/messages/{one['message']}"))[0] == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["142", "143", "144", "145"]),
        ("held=false", ["142", "143", "144"]),
        ("state=sent", ["142", "143", "144"]),
        ("state=due", ["145"]),
        ("state=failed", []),
        (f"rule={FOOD}&authority=990000", ["142", "143", "144", "145"]),
        ("rule=cn-food-business-license", []),
        ("authority=us-nyc", []),
    ],
)
async def test_a_list_can_be_narrowed(ask: Ask, query: str, found: list[str]) -> None:
    assert await numbers(ask, query) == found


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_pages_of_any_size_give_every_reminder_once_in_order(
    ask: Ask, limit: int
) -> None:
    found, after = list[str](), ""
    while True:
        _, page = await ask("GET", f"/v1/reminders?limit={limit}{after}")
        found += [one["number"][-3:] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == ["142", "143", "144", "145"]


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("state=lost", 422, "state: found 'lost', expected one of due, retrying"),
        ("held=1", 422, "held: found '1', expected true or false"),
        ("rule=cn-kite-flying", 404, "unknown rule 'cn-kite-flying'"),
        ("authority=110000", 404, "unknown authority '110000'"),
        ("after=2", 422, "after: found '2', expected `next` of the previous page"),
        (
            f"after={'0' * 36}.2024-02-30.prepare",
            422,
            "expected `next` of the previous page",
        ),
    ],
)
async def test_every_mistake_in_a_parameter_is_named(
    ask: Ask, query: str, status: int, told: str
) -> None:
    found, problem = await ask("GET", f"/v1/reminders?{query}")
    assert found == status
    assert told in problem["detail"]
