"""Years of calendars over HTTP: show and put."""

from typing import Any

import pytest

from service.app import Installation
from tests.notice import NOTICE
from tests.web.conftest import FOOD, Ask

NEXT = "/v1/calendars/CN/2027"
"""A year whose notice is not published yet."""

KNOWN = "/v1/calendars/CN/2026"


@pytest.fixture
async def registered(ask: Ask, fields: dict[str, Any]) -> None:
    """Two permits that close in 2027, one that closes long before."""
    expiries = ("2027-03-31", "2027-06-30", "2025-06-30")
    for number, expires_on in enumerate(expiries):
        body = fields | {"expires_on": expires_on}
        status, _ = await ask("PUT", f"/v1/permits/{FOOD}/SC000{number}", body)
        assert status == 201


async def explained(ask: Ask) -> Any:  # noqa: ANN401 - JSON
    _, told = await ask("GET", f"/v1/explain?rule={FOOD}&expires=2027-06-30")
    return told


async def test_a_published_year_shows_its_days(ask: Ask) -> None:
    status, year = await ask("GET", KNOWN)
    assert status == 200
    assert (year["published"], year["covered_until"]) == (True, "2026-12-31")
    days = {one.pop("day"): one for one in year["days"]}
    assert days["2026-02-17"] == {
        "kind": "off",
        "name": "Chinese New Year",
        "own": False,
    }
    assert days["2026-02-14"] == {"kind": "worked", "name": "", "own": False}


async def test_a_year_without_its_notice_shows_days_that_may_be_off(ask: Ask) -> None:
    _, year = await ask("GET", NEXT)
    assert year["published"] is False
    kinds = {one["day"]: one["kind"] for one in year["days"]}
    assert kinds["2027-05-01"] == "off"
    assert kinds["2027-05-04"] == "perhaps off"


async def test_a_calendar_without_notices_has_no_last_day(ask: Ask) -> None:
    _, year = await ask("GET", "/v1/calendars/US/2090")
    assert (year["published"], year["covered_until"]) == (True, None)


@pytest.mark.usefixtures("registered")
async def test_a_notice_makes_closings_exact_and_counts_them(
    ask: Ask, installation: Installation
) -> None:
    assert (await explained(ask))["provisional"] is True
    status, seen = await ask("PUT", f"{NEXT}?dry_run=true", NOTICE)
    assert (status, seen["applied"], seen["exact"]) == (200, False, 2)
    assert (await explained(ask))["provisional"] is True
    status, done = await ask("PUT", NEXT, NOTICE)
    assert (status, done) == (200, seen | {"applied": True})
    assert (done["permits"], done["later"]["permits"]) == (2, 2)
    assert (await explained(ask))["provisional"] is False
    _, year = await ask("GET", NEXT)
    assert (year["published"], year["covered_until"]) == (True, "2027-12-31")
    days = {one["day"]: (one["kind"], one["own"]) for one in year["days"]}
    assert days["2027-02-05"] == ("off", True)
    assert days["2027-02-20"] == ("worked", True)
    async with installation.database.read() as connection:
        found = await connection.exec_driver_sql(
            "SELECT by FROM actions WHERE what = 'calendars load'"
        )
        assert found.scalars().all() == ["test"]


async def test_the_same_year_twice_changes_nothing_the_second_time(ask: Ask) -> None:
    await ask("PUT", NEXT, NOTICE)
    status, again = await ask("PUT", NEXT, NOTICE)
    assert (status, again["changes"], again["permits"]) == (200, [], 0)


async def test_days_that_contradict_published_ones_are_refused_unless_forced(
    ask: Ask,
) -> None:
    body = {
        "published": False,
        "source": "office notice 3",
        "off": [{"day": "2026-11-04", "name": "closed"}],
        "worked": ["2026-10-01"],
    }
    status, problem = await ask("PUT", KNOWN, body)
    assert status == 409
    for line in (
        "2026-10-01: worked, says office notice 3; off, says CN (National Day)",
        "2026-11-04: off, says office notice 3; worked, says CN (a Wednesday)",
    ):
        assert line in problem["detail"]
    status, done = await ask("PUT", f"{KNOWN}?force=the+mayor+says+so", body)
    assert (status, len(done["objections"])) == (200, 2)
    _, year = await ask("GET", KNOWN)
    days = {one["day"]: (one["kind"], one["own"]) for one in year["days"]}
    assert days["2026-10-01"] == ("worked", True)
    assert days["2026-11-04"] == ("off", True)


async def test_a_year_is_never_published_before_the_one_before_it(ask: Ask) -> None:
    body = {"published": True, "source": "x", "off": [{"day": "2028-01-01"}]}
    path = "/v1/calendars/CN/2028?force=no+matter"
    status, problem = await ask("PUT", path, body)
    assert status == 409
    assert "2028 is published here but 2027 is not" in problem["detail"]


async def test_every_mistake_of_a_year_is_reported_at_once(ask: Ask) -> None:
    body = {
        "calendar": "US",
        "year": 2026,
        "off": [{"day": "2027-13-01"}, {"day": "2026-05-05", "name": "二〇二六"}],
        "worked": ["2027-02-20", "2027-02-20"],
        "holidays": [],
    }
    status, problem = await ask("PUT", NEXT, body)
    assert status == 422
    assert [one["field"] for one in problem["errors"]] == [
        "calendar",
        "year",
        "published",
        "source",
        "off[1].day",
        "off[2].day",
        "worked[2]",
        "holidays",
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/calendars/XX/2027", 404),
        ("/v1/calendars/CN/1999", 422),
        ("/v1/calendars/CN/2101", 422),
        ("/v1/calendars/CN/next", 422),
    ],
)
async def test_a_year_out_of_range_is_refused(ask: Ask, path: str, status: int) -> None:
    assert (await ask("GET", path))[0] == status
    assert (await ask("PUT", path, NOTICE))[0] == status


async def test_the_body_may_repeat_the_address(ask: Ask) -> None:
    body = NOTICE | {"calendar": "CN", "year": 2027}
    assert (await ask("PUT", NEXT, body))[0] == 200


@pytest.mark.usefixtures("registered")
async def test_a_published_year_is_not_made_unpublished_without_a_reason(
    ask: Ask,
) -> None:
    await ask("PUT", NEXT, NOTICE)
    own = {"published": False, "source": "notice 3", "off": [], "worked": []}
    objection = (
        "calendar CN: its days were published until 2027-12-31, and would be only "
        "until 2026-12-31; days after that would be provisional again"
    )
    _, seen = await ask("PUT", f"{NEXT}?dry_run=true", own)
    assert seen["objections"] == [objection]
    status, problem = await ask("PUT", NEXT, own)
    assert (status, objection in problem["detail"]) == (409, True)
    assert (await explained(ask))["provisional"] is False
    status, _ = await ask("PUT", f"{NEXT}?force=the+notice+was+a+hoax", own)
    assert (status, (await explained(ask))["provisional"]) == (200, True)
