from datetime import UTC, datetime

import pytest

from service.domain.deadlines.slot import Slot, current_slot

PREPARE_AT = datetime(2026, 9, 21, 1, 30, tzinfo=UTC)
LAST_CALL_AT = datetime(2026, 11, 11, 1, 30, tzinfo=UTC)
ENDS_AT = datetime(2026, 11, 18, 16, tzinfo=UTC)
SLOTS = (
    Slot("prepare", PREPARE_AT, LAST_CALL_AT, ENDS_AT, "renewal-prepare"),
    Slot("last-call", LAST_CALL_AT, ENDS_AT, ENDS_AT, "renewal-last-call"),
)


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (PREPARE_AT.replace(minute=29), None),
        (PREPARE_AT, "prepare"),
        (LAST_CALL_AT.replace(minute=29), "prepare"),
        (LAST_CALL_AT, "last-call"),
        (ENDS_AT.replace(hour=15), "last-call"),
        (ENDS_AT, None),
    ],
)
def test_a_step_is_current_from_its_instant_until_the_next(
    now: datetime, step: str | None
) -> None:
    standing = current_slot(SLOTS, now)
    assert (standing.step if standing else None) == step
