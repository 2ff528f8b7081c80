from datetime import UTC, datetime, timedelta

import pytest

from service.domain.delivery.post_date import date_post

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CLAIMED = datetime(2024, 9, 19, 15, 59, 30, tzinfo=UTC)
"""Half a minute before midnight in Shanghai."""


@pytest.mark.parametrize(
    ("dated_at", "known_after", "posted_after"),
    [
        (None, DAY, timedelta()),
        (CLAIMED + MINUTE / 2, DAY, MINUTE / 2),
        (CLAIMED - DAY, DAY, timedelta()),
        (CLAIMED + DAY, 2 * DAY, MINUTE),
        (CLAIMED + MINUTE, MINUTE / 2, MINUTE / 2),
        (None, -DAY, -DAY),
    ],
    ids=[
        "no date: its claim",
        "the date of the provider",
        "a provider whose clock is slow",
        "a provider whose clock is fast",
        "not later than it was known",
        "our own clock was set back",
    ],
)
def test_a_message_is_dated_by_its_provider_within_its_claim(
    dated_at: datetime | None, known_after: timedelta, posted_after: timedelta
) -> None:
    found = date_post(dated_at, CLAIMED, MINUTE, CLAIMED + known_after)
    assert found == CLAIMED + posted_after
