"""The calendars of three countries, and how safe a guess at an unpublished year is."""

from datetime import date, timedelta

import pytest
from holidays.countries.china import ChinaStaticHolidays

from service.adapters.calendars.holidays import calendars, china, last_published_year
from service.domain.calendars.calendar import Calendar, fingerprint
from service.domain.calendars.office_year import (
    CalendarYear,
    find_contradictions,
    last_day_of_notice,
    overlay_years,
)
from service.domain.deadlines.edge import compute_closing, compute_opening
from service.domain.law.period import Period

CN, US = calendars()["CN"], calendars()["US"]
DAY = timedelta(days=1)
ONE_OFFS = {date(2015, 9, 3), date(2015, 9, 4)}
"""The parade of 2015 was announced in May; no guess can hold it."""


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + n * DAY for n in range((date(year + 1, 1, 1) - first).days)]


def unpublished(year: int) -> Calendar:
    return china(year - 1)


@pytest.mark.parametrize(
    "day",
    [
        date(2024, 2, 4),
        date(2024, 2, 18),
        date(2025, 1, 26),
        date(2026, 2, 28),
        date(2026, 9, 20),
    ],
)
def test_a_make_up_weekend_day_works(day: date) -> None:
    assert day.isoweekday() > 5
    assert day in CN.certain_workdays


def test_china_is_covered_through_the_last_notice_the_library_knows() -> None:
    assert last_published_year() == max(ChinaStaticHolidays.special_public_holidays)
    assert CN.covered_until == last_day_of_notice(last_published_year())
    assert last_published_year() >= 2026


def test_the_united_states_are_known_for_ever() -> None:
    assert US.covered_until is None
    assert US.day_off_names[date(2023, 1, 2)] == "New Year's Day"
    assert date(2023, 1, 3) in US.certain_workdays
    assert date(2099, 7, 3) not in US.certain_workdays


def test_england_and_wales_keep_bank_holidays_and_their_days_in_lieu() -> None:
    gb = calendars()["GB"]
    assert gb.covered_until is None
    assert gb.day_off_names[date(2027, 3, 29)] == "Easter Monday"
    assert gb.day_off_names[date(2027, 12, 28)] == "Boxing Day"
    assert date(2027, 12, 28) not in gb.certain_workdays
    assert date(2027, 12, 29) in gb.certain_workdays
    assert date(2023, 5, 8) not in gb.certain_workdays
    assert date(2100, 12, 27) not in gb.certain_workdays
    assert (gb.certain_workdays.first, gb.certain_workdays.last) == (
        CN.certain_workdays.first,
        CN.certain_workdays.last,
    )


@pytest.mark.parametrize("year", range(2014, 2027))
def test_no_notice_since_2014_was_worse_than_the_guess(year: int) -> None:
    guess = unpublished(year)
    assert not guess.covers(date(year, 1, 1))
    for day in sorted(set(days_of(year)) - ONE_OFFS):
        works = day in CN.certain_workdays
        assert works or day not in guess.certain_workdays, (
            f"{day} is off, the guess works"
        )
        assert not works or day in guess.possible_workdays, (
            f"{day} works, the guess is off"
        )


@pytest.mark.parametrize("year", [2024, 2025, 2026])
@pytest.mark.parametrize("unit", ["working days", "months"])
def test_a_provisional_closing_is_never_later_than_the_published_one(
    year: int, unit: str
) -> None:
    guess = unpublished(year)
    for count in range(5, 91) if unit == "working days" else range(13):
        period = Period.parse(f"{count} {unit} before expiry" if count else "on expiry")
        for expires_on in days_of(year):
            told = compute_closing(period, expires_on, guess, "safe")
            truth = compute_closing(period, expires_on, CN, "safe")
            assert told.safe_on <= truth.safe_on, (period, expires_on)
            assert told.rolled_lenient_on <= truth.rolled_lenient_on, (
                period,
                expires_on,
            )


@pytest.mark.parametrize("year", [2024, 2025, 2026])
@pytest.mark.parametrize("unit", ["working days", "months"])
def test_a_provisional_opening_is_never_earlier_than_the_published_one(
    year: int, unit: str
) -> None:
    guess = unpublished(year)
    for count in range(5, 91) if unit == "working days" else range(1, 13):
        period = Period.parse(f"{count} {unit} before expiry")
        for expires_on in days_of(year):
            told = compute_opening(period, expires_on, guess, "safe")
            truth = compute_opening(period, expires_on, CN, "safe")
            assert told.safe_on >= truth.safe_on, (period, expires_on)


@pytest.mark.parametrize("year", range(2014, 2027))
def test_a_notice_typed_in_brings_what_the_library_will_have(year: int) -> None:
    """From 29 December before to the 28th or 31st: what the notice decides about."""
    first, last = last_day_of_notice(year - 1), last_day_of_notice(year)
    grounds = china(year).data
    notice = CalendarYear(
        calendar="CN",
        year=year,
        off={day: name for day, name in grounds.off.items() if first < day <= last},
        worked=frozenset(day for day in grounds.worked if first < day <= last),
        published=True,
        source=f"the notice for {year}",
    )
    assert fingerprint(overlay_years(unpublished(year), [notice])) == fingerprint(
        china(year)
    )
    assert find_contradictions(china(year), notice) == []


def test_days_before_the_first_notice_are_statutory_days_and_weekends() -> None:
    assert date(1999, 10, 1) not in CN.certain_workdays
    assert date(1999, 10, 8) in CN.certain_workdays
    assert date(1999, 10, 9) not in CN.certain_workdays
