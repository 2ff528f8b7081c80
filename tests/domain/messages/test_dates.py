from datetime import date, datetime, time

from service.domain.messages.dates import (
    format_day,
    format_moment,
    format_month_day,
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
