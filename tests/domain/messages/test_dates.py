from datetime import date, datetime, time

import pytest

from service.domain.messages.dates import (
    format_day,
    format_moment,
    format_month_day,
    format_third_of_month,
)


def test_days_are_written_as_is_usual_in_each_language() -> None:
    day = date(2026, 10, 20)
    assert format_day(day, "zh") == "2026年10月20日"
    assert format_day(day, "en") == "20 Oct 2026"
    assert format_month_day(day, "zh") == "10月20日"
    assert format_month_day(day, "en") == "20 Oct"
    moment = datetime.combine(day, time(9, 5))
    assert format_moment(moment, "zh") == "2026年10月20日09:05"
    assert format_moment(moment, "en") == "20 Oct 2026 09:05"


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        (1, "2027年1月上旬", "early January 2027"),
        (10, "2027年1月上旬", "early January 2027"),
        (11, "2027年1月中旬", "mid January 2027"),
        (20, "2027年1月中旬", "mid January 2027"),
        (21, "2027年1月下旬", "late January 2027"),
        (31, "2027年1月下旬", "late January 2027"),
    ],
)
def test_a_provisional_day_is_written_as_the_third_of_its_month(
    day: int, zh: str, en: str
) -> None:
    assert format_third_of_month(date(2027, 1, day), "zh") == zh
    assert format_third_of_month(date(2027, 1, day), "en") == en
