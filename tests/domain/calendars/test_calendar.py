from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.calendars.calendar import (
    build_calendar,
    fingerprint,
    makeup_workdays,
)
from service.domain.calendars.working_days import WorkingDays
from service.domain.errors import InvalidError

DAY = timedelta(days=1)
HOLIDAY = date(2026, 5, 1)
BRIDGE = date(2026, 5, 4)
MADE_UP = date(2026, 5, 9)


may = partial(
    build_calendar,
    "XX",
    range(2025, 2028),
    {HOLIDAY: "Labour Day", BRIDGE: "Day off"},
    worked=[MADE_UP],
)


def test_weekends_and_days_off_do_not_count_and_make_up_days_do() -> None:
    days = may().certain_workdays
    week = [date(2026, 4, 27) + n * DAY for n in range(14)]
    off = [day for day in week if day not in days]
    assert off == [
        HOLIDAY,
        date(2026, 5, 2),
        date(2026, 5, 3),
        BRIDGE,
        date(2026, 5, 10),
    ]
    assert "2026-05-04" not in days


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (lambda days: days.back(date(2026, 5, 5), 1), date(2026, 4, 30)),
        (lambda days: days.back(date(2026, 5, 3), 2), date(2026, 4, 29)),
        (lambda days: days.forward(date(2026, 4, 30), 1), date(2026, 5, 5)),
        (lambda days: days.forward(date(2026, 5, 8), 1), MADE_UP),
        (lambda days: days.on_or_before(date(2026, 5, 4)), date(2026, 4, 30)),
        (lambda days: days.on_or_before(MADE_UP), MADE_UP),
        (lambda days: days.on_or_after(date(2026, 5, 2)), date(2026, 5, 5)),
        (lambda days: days.on_or_after(date(2026, 5, 5)), date(2026, 5, 5)),
    ],
)
def test_days_are_found_across_a_holiday(
    question: Callable[[WorkingDays], date], answer: date
) -> None:
    assert question(may().certain_workdays) == answer


@settings(deadline=None)
@given(st.dates(date(2025, 6, 1), date(2027, 6, 1)), st.integers(1, 90))
def test_the_index_agrees_with_counting_day_by_day(day: date, count: int) -> None:
    days = may().certain_workdays
    found, left = day, count
    while left:
        found -= DAY
        left -= found in days
    assert days.back(day, count) == found
    assert sum(found + n * DAY in days for n in range((day - found).days)) == count
    assert days.forward(found, count) <= day + 14 * DAY


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2028, 1, 1), date.max])
def test_a_day_outside_the_calendar_is_refused_by_name(day: date) -> None:
    with pytest.raises(InvalidError) as refusal:
        may().certain_workdays.on_or_before(day)
    assert str(refusal.value) == (
        f"calendar XX: day: found {day}, expected a day from 2025-01-01 to 2027-12-31"
    )


def test_an_answer_outside_the_calendar_is_refused_too() -> None:
    with pytest.raises(InvalidError, match="further inside 2025-01-01 to 2027-12-31"):
        may().certain_workdays.back(date(2025, 1, 3), 10)


def test_uncertain_days_are_off_for_closings_and_worked_for_openings() -> None:
    doubtful, saturday = date(2026, 9, 30), date(2026, 9, 26)
    unpublished = may(
        covered_until=date(2026, 6, 30),
        maybe_off={doubtful: "perhaps National Day", date(2026, 5, 7): "past"},
        maybe_working=[saturday, date(2026, 5, 16)],
    )
    assert doubtful not in unpublished.certain_workdays
    assert doubtful in unpublished.possible_workdays
    assert saturday not in unpublished.certain_workdays
    assert saturday in unpublished.possible_workdays


def test_no_day_is_uncertain_up_to_the_last_published_one() -> None:
    unpublished = may(
        covered_until=date(2026, 6, 30),
        maybe_off={date(2026, 5, 7): "perhaps"},
        maybe_working=[date(2026, 5, 16)],
    )
    assert date(2026, 5, 7) in unpublished.certain_workdays
    assert date(2026, 5, 16) not in unpublished.possible_workdays
    assert unpublished.covers(date(2026, 6, 30))
    assert not unpublished.covers(date(2026, 7, 1))


def test_a_computable_calendar_covers_every_day() -> None:
    assert may().covers(date(2999, 1, 1))


def test_days_off_are_named_in_unbroken_runs() -> None:
    known = may()
    first, last = date(2026, 4, 30), date(2026, 5, 31)
    named = known.describe_days_off(first, last, known.certain_workdays)
    assert named == ["2026-05-01 to 2026-05-04 Labour Day, Day off"]
    assert known.describe_days_off(HOLIDAY, last, known.certain_workdays) == [
        "2026-05-04 Day off"
    ]
    assert makeup_workdays(first, last, known.certain_workdays) == [MADE_UP]


def test_days_outside_the_years_count_for_nothing() -> None:
    outside = {date(2024, 12, 31): "before", date(2028, 1, 1): "after"}
    wider = may(
        maybe_off=outside, maybe_working=outside, covered_until=date(2024, 1, 1)
    )
    assert (
        wider.certain_workdays.works
        == wider.possible_workdays.works
        == may().certain_workdays.works
    )
    assert (wider.certain_workdays.first, wider.certain_workdays.last) == (
        date(2025, 1, 1),
        date(2027, 12, 31),
    )


def test_calendars_of_the_same_grounds_are_equal() -> None:
    assert may() == may()
    assert may() != may(maybe_off={date(2027, 3, 1): "perhaps"}, covered_until=MADE_UP)


UNTIL = {"covered_until": MADE_UP}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"worked": []}),
        ({}, {"worked": [MADE_UP, date(2027, 12, 26)]}),
        ({}, UNTIL),
        (UNTIL, {"covered_until": date(2026, 12, 31)}),
        (UNTIL, UNTIL | {"maybe_off": {date(2026, 9, 30): "perhaps"}}),
        (UNTIL, UNTIL | {"maybe_working": [date(2026, 9, 26)]}),
    ],
)
def test_a_calendar_that_says_something_else_has_another_fingerprint(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert fingerprint(may(**one)) == fingerprint(may(**one))
    assert fingerprint(may(**one)) != fingerprint(may(**other))


def test_a_fingerprint_is_short_and_lasts() -> None:
    assert fingerprint(may()) == "e0b22f10495b96c5"
