from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from service.domain.reports.forecast import DueCount, forecast_by_day
from service.domain.reports.period import period_between

FRIDAY, MONDAY = date(2024, 9, 20), date(2024, 9, 23)
LONG_WEEKEND = period_between(FRIDAY, MONDAY, ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2024, 9, 19, 15, 59, 59, tzinfo=UTC), 20),
        (datetime(2024, 9, 19, 16, tzinfo=UTC), 20),
        (datetime(2024, 9, 20, 15, 59, 59, tzinfo=UTC), 20),
        (datetime(2024, 9, 20, 16, tzinfo=UTC), 21),
        (datetime(2024, 9, 23, 15, 59, 59, tzinfo=UTC), 23),
    ],
    ids=["overdue", "midnight", "before midnight", "the next midnight", "the last"],
)
def test_a_reminder_comes_on_the_offices_own_day(at: datetime, day: int) -> None:
    found = forecast_by_day([DueCount("a", at, 3)], LONG_WEEKEND)
    assert {one.day.day: one.reminders for one in found if one.reminders} == {day: 3}


def test_every_day_has_its_place_and_types_add_up() -> None:
    noon = datetime(2024, 9, 20, 4, tzinfo=UTC)
    found = forecast_by_day(
        [
            DueCount("b", noon, 1),
            DueCount("a", noon, 2),
            DueCount("b", noon, 4),
            DueCount("c", noon, 0),
        ],
        LONG_WEEKEND,
    )
    assert [one.public_fields() for one in found] == [
        {"day": "2024-09-20", "reminders": 7, "rules": {"a": 2, "b": 5}},
        {"day": "2024-09-21", "reminders": 0, "rules": {}},
        {"day": "2024-09-22", "reminders": 0, "rules": {}},
        {"day": "2024-09-23", "reminders": 0, "rules": {}},
    ]
