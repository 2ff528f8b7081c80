import csv
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from tests.web.conftest import Prepared, valid_fields
from tests.web.past import after

Ask = Callable[..., Awaitable[tuple[int, Any]]]
Http = TestClient[web.Request, web.Application]
PassAt = Callable[[datetime], Awaitable[None]]

FOOD = "cn-food-production-license"
SENT_AT = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
WEEK = "/v1/counts?from=2024-09-16&to=2024-09-22"


async def reminded(ask: Ask, pass_at: PassAt) -> None:
    """Two permits of one holder, reminded in one SMS on Thursday 19 September 2024."""
    for number in ("SC10199000000142", "SC10199000000143"):
        await ask("PUT", f"/v1/permits/{FOOD}/{number}", valid_fields())
    await pass_at(SENT_AT)


@pytest.fixture(scope="module")
def prepared(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """An office whose permits were `reminded`."""
    return after(reminded, prepared, tmp_path_factory.mktemp("reminded"))


async def test_counts_by_rule_name_every_unit(ask: Ask) -> None:
    status, told = await ask("GET", WEEK)
    (row,) = told.pop("rows")
    assert status == 200
    assert told == {
        "authority": "990000",
        "from": "2024-09-16",
        "to": "2024-09-22",
        "as_of": "2024-09-19T01:35:00Z",
        "by": "rule",
    }
    assert row.pop("segments") >= 2
    assert row == {
        "of": FOOD,
        "reminders": 2,
        "messages": 1,
        "delivered": 0,
        "failed": 0,
        "pending": 1,
    }


async def test_counts_by_day_have_a_row_for_each_day_and_count_holders(
    ask: Ask,
) -> None:
    _, told = await ask("GET", f"{WEEK}&by=day")
    rows = {one["of"]: (one["reminders"], one["holders"]) for one in told["rows"]}
    assert len(rows) == 7
    assert rows.pop("2024-09-19") == (2, 1)
    assert set(rows.values()) == {(0, 0)}


async def test_counts_by_week_and_by_authority_add_up_to_the_same(ask: Ask) -> None:
    _, by_week = await ask("GET", f"{WEEK}&by=week")
    _, by_authority = await ask("GET", f"{WEEK}&by=authority")
    assert [(one["of"], one["messages"]) for one in by_week["rows"]] == [
        ("2024-W38", 1)
    ]
    assert [(one["of"], one["messages"]) for one in by_authority["rows"]] == [
        ("990000", 1)
    ]


async def test_counts_as_csv_are_the_same_rows(http: Http, ask: Ask) -> None:
    _, told = await ask("GET", f"{WEEK}&by=day")
    async with http.get(f"{WEEK}&by=day&format=csv") as answer:
        assert answer.content_type == "text/csv"
        rows = list(csv.DictReader((await answer.text()).splitlines()))
    assert rows == [
        {name: str(value) for name, value in row.items()} for row in told["rows"]
    ]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("to=2024-09-22", "from: found nothing"),
        ("from=2024-09-16", "to: found nothing"),
        ("from=2024-09-16&to=2024-09-15", "a day not before 2024-09-16"),
        ("from=0&to=2024-09-15", "from: found '0'"),
        ("from=1950-01-01&to=2024-09-15&by=day", "1000 days"),
        ("from=2024-09-16&to=2024-09-22&by=hour", "rule, authority, day or week"),
        ("from=2024-09-16&to=2024-09-22&format=xml", "expected json or csv"),
        ("from_=2024-09-16&to=2024-09-22", "from_: found an unknown parameter"),
    ],
)
async def test_a_wrong_parameter_is_named(ask: Ask, query: str, told: str) -> None:
    status, problem = await ask("GET", f"/v1/counts?{query}")
    assert status == 422
    assert told in problem["detail"]


async def test_the_weekly_report_counts_the_ledger(ask: Ask) -> None:
    status, told = await ask("GET", "/v1/reports/2024-W38")
    assert status == 200
    assert (told["period"], told["messages"], told["first_issue"]) == (
        "2024-W38",
        1,
        True,
    )
    assert [one["rule"] for one in told["types"]] == [FOOD]


async def test_a_report_as_of_an_earlier_instant_counts_only_earlier_receipts(
    ask: Ask,
) -> None:
    as_of = "as_of=2024-09-19T09:34:00%2B08:00"
    _, told = await ask("GET", f"/v1/reports/2024-W38?{as_of}")
    assert told["messages"] == 0


@pytest.mark.parametrize(
    ("form", "media", "start"),
    [("csv", "text/csv", "period,from,to,"), ("text", "text/plain", "临江省")],
)
async def test_a_report_comes_in_other_forms(
    http: Http, form: str, media: str, start: str
) -> None:
    async with http.get(f"/v1/reports/2024-W38?format={form}") as answer:
        text = await answer.text()
        assert (answer.status, answer.content_type) == (200, media)
        assert answer.charset == "utf-8"
    assert text.startswith(start)


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("2024-W5", 422, "an ISO week such as 2024-W05"),
        ("2024-W53", 422, "a week of 2024, W01 to W52"),
        ("9999-W01", 422, "1950 to 2200"),
        ("2024-W38?as_of=2024-09-20T00:00:00Z", 422, "an instant not after"),
        ("2024-W38?as_of=0", 422, "as_of: found '0'"),
        ("2024-W38?as_of=2024-09-19", 422, "as_of: found '2024-09-19'"),
        ("2024-W38?as_of=2024-09-19T01:00:00", 422, "an instant like"),
        ("2024-W38?authority=110000", 404, "unknown authority '110000'"),
        ("2024-W38?format=pdf", 422, "json, csv or text"),
    ],
)
async def test_a_report_that_cannot_be_made_says_why(
    ask: Ask, path: str, status: int, told: str
) -> None:
    found, problem = await ask("GET", f"/v1/reports/{path}")
    assert found == status
    assert told in problem["detail"]
