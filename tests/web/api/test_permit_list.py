from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Ask = Callable[..., Awaitable[tuple[int, Any]]]

FOOD, SHOP = "cn-food-production-license", "cn-food-business-license"


@pytest.fixture
async def numbers(ask: Ask, fields: dict[str, Any]) -> list[str]:
    """Five permits of two rules, in the order in which they were registered."""
    made = [f"SC{count:014}" for count in (5, 3, 4, 1, 2)]
    for at, number in enumerate(made):
        rule = SHOP if at == 2 else FOOD
        status, _ = await ask("PUT", f"/v1/permits/{rule}/{number}", fields)
        assert status == 201
    return made


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
async def test_pages_of_any_size_give_every_permit_once_in_order(
    ask: Ask, numbers: list[str], limit: int
) -> None:
    found, path = [], f"/v1/permits?limit={limit}"
    after: str | None = ""
    while after is not None:
        _, page = await ask("GET", path + (f"&after={after}" if after else ""))
        assert 1 <= len(page["items"]) <= limit
        found += [one["number"] for one in page["items"]]
        after = page["next"]
    assert found == numbers


async def test_a_list_can_be_narrowed_to_a_rule_and_an_authority(
    ask: Ask, numbers: list[str]
) -> None:
    _, page = await ask("GET", f"/v1/permits?rule={SHOP}&authority=990000")
    assert [one["number"] for one in page["items"]] == [numbers[2]]
    assert (await ask("GET", "/v1/permits?authority=us-nyc"))[1]["items"] == []


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("rule=cn-kite-flying", 404, "unknown rule 'cn-kite-flying'"),
        ("authority=110000", 404, "unknown authority '110000'"),
        ("limit=0", 422, "limit: found '0', expected a whole number from 1 to 500"),
        ("limit=501", 422, "limit: found '501'"),
        ("limit=5.0", 422, "limit: found '5.0'"),
        ("limit=", 422, "limit: found ''"),
        ("after=2", 422, "after: found '2', expected `next` of the previous page"),
        ("rule=a&rule=b", 422, "rule: found the parameter twice, expected it once"),
        (
            "page=2",
            422,
            "page: found an unknown parameter, expected one of limit, after, authority",
        ),
    ],
)
async def test_every_mistake_in_a_parameter_is_named(
    ask: Ask, query: str, status: int, told: str
) -> None:
    found, problem = await ask("GET", f"/v1/permits?{query}")
    assert found == status
    assert told in problem["detail"]
