from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from service.domain.reports.outlook import NextDue, Outlook

MORNING = NextDue(datetime(2024, 1, 29, 1, 30, tzinfo=UTC), "990000", 107)


@pytest.mark.parametrize(
    ("outlook", "line"),
    [
        (
            Outlook(0, MORNING),
            "nothing until 2024-01-29 09:30 Asia/Shanghai; 107 due then",
        ),
        (
            Outlook(12, MORNING),
            "12 due now; 107 more at 2024-01-29 09:30 Asia/Shanghai",
        ),
        (Outlook(12, None), "12 due now; nothing to come"),
        (Outlook(0, None), "nothing due now; nothing to come"),
        (
            Outlook(3, None, ["all", "rule:law"]),
            "3 due now; nothing to come; paused: all, rule:law",
        ),
    ],
)
def test_the_outlook_is_said_in_a_line_in_the_offices_time(
    outlook: Outlook, line: str
) -> None:
    assert outlook.in_words(ZoneInfo("Asia/Shanghai")) == line
