from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.errors import InvalidError
from service.domain.reports.period import (
    next_period,
    parse_iso_week,
    period_between,
    previous_period,
    week_of,
)

CHONGQING = ZoneInfo("Asia/Chongqing")
NEW_YORK = ZoneInfo("America/New_York")


def utc(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_a_week_runs_from_local_monday_midnight_to_the_next() -> None:
    week = parse_iso_week("2024-W05", CHONGQING)
    assert (week.first_on, week.last_on) == (date(2024, 1, 29), date(2024, 2, 4))
    assert week.starts_at == utc(2024, 1, 28, 16)
    assert week.ends_at == utc(2024, 2, 4, 16)
    assert week.weekly


def test_a_week_in_which_clocks_change_has_an_hour_less() -> None:
    week = parse_iso_week("2024-W10", NEW_YORK)
    assert week.ends_at - week.starts_at == timedelta(days=7, hours=-1)


def test_the_first_week_may_start_in_the_year_before() -> None:
    assert parse_iso_week("2026-W01", CHONGQING).first_on == date(2025, 12, 29)
    assert parse_iso_week("2020-W53", CHONGQING).last_on == date(2021, 1, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-W54", "a week of 2024, W01 to W52"),
        ("2021-W53", "a week of 2021, W01 to W52"),
        ("2020-W54", "a week of 2020, W01 to W53"),
        ("2024-W00", "a week of 2024, W01 to W52"),
        ("1949-W52", "a week of the years 1950 to 2200"),
        ("2201-W01", "a week of the years 1950 to 2200"),
        ("9999-W52", "a week of the years 1950 to 2200"),
        ("2024-5", "an ISO week such as 2024-W05"),
        ("2024-W5", "an ISO week such as 2024-W05"),
        ("2024W05", "an ISO week such as 2024-W05"),
        ("２０２４-W05", "an ISO week such as 2024-W05"),
        ("2024-W05\n", "an ISO week such as 2024-W05"),
        ("", "an ISO week such as 2024-W05"),
    ],
)
def test_a_wrong_week_is_refused_with_what_was_expected(
    text: str, expected: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        parse_iso_week(text, CHONGQING)
    (mistake,) = caught.value.mistakes
    assert mistake.field == "week"
    assert mistake.found == repr(text)
    assert mistake.expected == expected


def test_a_range_of_dates_includes_both_ends() -> None:
    span = period_between(date(2024, 1, 29), date(2024, 2, 2), CHONGQING)
    assert span.ends_at - span.starts_at == timedelta(days=5)
    assert span.label == "2024-01-29/2024-02-02"
    assert not span.weekly


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidError, match=r"to: found 2024-01-28, .* 2024-01-29"):
        period_between(date(2024, 1, 29), date(2024, 1, 28), CHONGQING)


def test_an_instant_belongs_to_the_week_of_the_local_calendar() -> None:
    late_sunday = utc(2024, 1, 28, 15, 59)
    assert week_of(late_sunday, CHONGQING).label == "2024-W04"
    assert week_of(late_sunday + timedelta(minutes=1), CHONGQING).label == "2024-W05"
    assert week_of(late_sunday, NEW_YORK).label == "2024-W04"


def test_the_period_before_and_after_a_range_has_as_many_days() -> None:
    span = period_between(date(2024, 2, 1), date(2024, 2, 10), CHONGQING)
    assert previous_period(span).label == "2024-01-22/2024-01-31"
    assert next_period(span).label == "2024-02-11/2024-02-20"


def test_the_week_after_the_last_of_a_year_is_the_first_of_the_next() -> None:
    assert next_period(parse_iso_week("2020-W53", CHONGQING)).label == "2021-W01"
    assert previous_period(parse_iso_week("2021-W01", CHONGQING)).label == "2020-W53"


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001  # made aware below
def test_weeks_meet_without_gap_or_overlap(naive: datetime) -> None:
    week = week_of(naive.replace(tzinfo=UTC), NEW_YORK)
    assert week.starts_at <= naive.replace(tzinfo=UTC) < week.ends_at
    assert next_period(week).starts_at == week.ends_at
    assert previous_period(next_period(week)) == week
    assert parse_iso_week(week.label, NEW_YORK) == week
