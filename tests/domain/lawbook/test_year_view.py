"""The special days of a year, for an office."""

from datetime import date

import pytest

from service.adapters.calendars.holidays import calendars
from service.domain.calendars.office_year import CalendarYear, overlay_years
from service.domain.errors import UnknownError
from service.domain.lawbook.law import Law
from service.domain.lawbook.year_view import YearView, view_year

OWN = CalendarYear(
    calendar="CN",
    year=2027,
    off={date(2026, 12, 31): "closed", date(2027, 3, 5): "closed"},
    worked=frozenset({date(2027, 5, 3)}),
    published=False,
    source="notice 3",
)


def law_with(*years: CalendarYear) -> Law:
    published = calendars()
    laid = {code: overlay_years(base, years) for code, base in published.items()}
    return Law({}, {}, laid, published_calendars=published, office_years=years)


def days_by_date(found: YearView) -> dict[date, tuple[str, str, bool]]:
    return {one.day: (one.kind, one.name, one.own) for one in found.days}


def test_days_stand_in_their_order_each_once() -> None:
    days = [one.day for one in view_year(law_with(OWN), "CN", 2027).days]
    assert days == sorted(set(days))
    assert {day.year for day in days} == {2027}


def test_an_own_day_off_is_marked_and_others_are_not() -> None:
    days = days_by_date(view_year(law_with(OWN), "CN", 2027))
    assert days[date(2027, 3, 5)] == ("off", "closed", True)
    assert days[date(2027, 2, 8)] == ("off", "Chinese New Year", False)


def test_an_own_workday_is_not_off_any_more() -> None:
    days = days_by_date(view_year(law_with(OWN), "CN", 2027))
    assert days[date(2027, 5, 3)] == ("worked", "", True)


def test_a_row_of_the_next_year_is_marked_in_the_december_it_is_in() -> None:
    found = view_year(law_with(OWN), "CN", 2026)
    assert days_by_date(found)[date(2026, 12, 31)] == ("off", "closed", True)
    assert (found.published, found.office_year) == (True, None)


def test_until_its_notice_a_year_is_not_published() -> None:
    assert view_year(law_with(), "CN", 2027).published is False
    assert view_year(law_with(OWN), "CN", 2027).office_year == OWN
    assert view_year(law_with(), "GB", 2027).published is True


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(UnknownError, match="unknown calendar 'XX'"):
        view_year(law_with(), "XX", 2027)
