"""The working days we count on, against people who know them from elsewhere."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from service.adapters.calendars.holidays import calendars
from tests.cases.workdays import america, britain

SHARED = Path(__file__).parents[3].parent / "shared/reference/regulations-cn.json"
CHINA = calendars()["CN"]

THE_NOTICE_SAYS = {date(2005, 12, 31): True}
"""Where chinesecalendar errs: 国办发明电〔2005〕35号, 一, has this Saturday worked."""


def days_of(*years: int) -> list[date]:
    first, after = date(years[0], 1, 1), date(years[-1] + 1, 1, 1)
    return [first + timedelta(days=n) for n in range((after - first).days)]


@pytest.mark.parametrize("year", range(2004, 2027))
def test_every_day_of_china_agrees_with_chinesecalendar(year: int) -> None:
    for day in days_of(year):
        known = THE_NOTICE_SAYS.get(day, chinese_calendar.is_workday(day))
        assert (day in CHINA.certain_workdays) is known, day
        assert (day in CHINA.possible_workdays) is known, day


@pytest.mark.parametrize("day", THE_NOTICE_SAYS)
def test_a_known_error_of_chinesecalendar_is_still_one(day: date) -> None:
    assert chinese_calendar.is_workday(day) is not THE_NOTICE_SAYS[day]


@pytest.mark.parametrize(("year", "working"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_the_working_days_its_notice_leaves(year: int, working: int) -> None:
    assert sum(day in CHINA.certain_workdays for day in days_of(year)) == working


@pytest.mark.parametrize("year", ["2024", "2025", "2026"])
def test_the_days_a_notice_names_are_off_and_made_up(year: str) -> None:
    if not SHARED.exists():
        pytest.skip("../shared is not here, so notices are not held against it")
    notice = json.loads(SHARED.read_text(encoding="utf-8"))["holidays"][year]
    off = {date.fromisoformat(day) for day in notice["off_days"]}
    worked = {date.fromisoformat(day) for day in notice["make_up_workdays"]}
    assert [day for day in sorted(off) if day in CHINA.certain_workdays] == []
    for day in days_of(int(year)):
        usual = day.isoweekday() < 6 and day not in off
        assert (day in CHINA.certain_workdays) is (usual or day in worked), day


@pytest.mark.parametrize(
    ("code", "works", "since"), [("US", america, 1986), ("GB", britain, 2023)]
)
def test_every_day_agrees_with_the_statute(
    code: str, works: Callable[[date], bool], since: int
) -> None:
    days = days_of(since, 2100)
    known = calendars()[code].certain_workdays
    assert [day for day in days if works(day) is not (day in known)] == []
