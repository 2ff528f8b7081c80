from datetime import UTC, datetime, timedelta

import pytest

from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import ReminderState
from service.domain.reminders.planned_reminders import plan_reminders
from service.domain.reminders.reasons import BEFORE_START, OVERTAKEN

FIRST, SECOND, CLOSED = (
    datetime(2024, 9, 19, 1, 30, tzinfo=UTC),
    datetime(2024, 11, 11, 1, 30, tzinfo=UTC),
    datetime(2024, 11, 18, 16, tzinfo=UTC),
)
SLOTS = (
    Slot("prepare", FIRST, SECOND, CLOSED, "renewal-prepare"),
    Slot("last-call", SECOND, CLOSED, CLOSED, "renewal-last-call"),
)
LONG_AGO, TICK = datetime(2020, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
DUE, MISSED = ReminderState.DUE, ReminderState.MISSED

Row = tuple[str, ReminderState, str | None]


def rows(now: datetime, live_from: datetime = LONG_AGO) -> list[Row]:
    made = plan_reminders(SLOTS, now, live_from).rows
    return [(one.slot.step, one.state, one.reason) for one in made]


@pytest.mark.parametrize(
    ("now", "created"),
    [
        (FIRST - TICK, []),
        (FIRST, [("prepare", DUE, None)]),
        (SECOND - TICK, [("prepare", DUE, None)]),
        (SECOND, [("prepare", MISSED, OVERTAKEN), ("last-call", DUE, None)]),
        (CLOSED - TICK, [("prepare", MISSED, OVERTAKEN), ("last-call", DUE, None)]),
        (CLOSED, [("prepare", MISSED, OVERTAKEN), ("last-call", MISSED, OVERTAKEN)]),
    ],
)
def test_the_current_step_is_created_due_and_earlier_ones_missed(
    now: datetime, created: list[Row]
) -> None:
    assert rows(now) == created


@pytest.mark.parametrize(
    ("live_from", "now", "created"),
    [
        (FIRST, FIRST, [("prepare", DUE, None)]),
        (FIRST + TICK, FIRST + TICK, [("prepare", MISSED, BEFORE_START)]),
        (
            *(FIRST + TICK, SECOND),
            [("prepare", MISSED, BEFORE_START), ("last-call", DUE, None)],
        ),
        (
            *(FIRST, CLOSED),
            [("prepare", MISSED, OVERTAKEN), ("last-call", MISSED, OVERTAKEN)],
        ),
        (
            *(CLOSED, CLOSED),
            [("prepare", MISSED, BEFORE_START), ("last-call", MISSED, BEFORE_START)],
        ),
    ],
)
def test_what_fell_due_before_the_start_is_missed_for_that_reason(
    live_from: datetime, now: datetime, created: list[Row]
) -> None:
    assert rows(now, live_from) == created


def test_only_permits_registered_in_time_get_missed_reminders() -> None:
    made = plan_reminders(SLOTS, SECOND, LONG_AGO)
    assert [one.only_registered_before_due for one in made.rows] == [True, False]


def test_the_current_step_comes_last_and_is_named() -> None:
    made = plan_reminders(SLOTS, SECOND, LONG_AGO)
    assert made.current is made.rows[-1].slot is SLOTS[1]
    assert plan_reminders(SLOTS, CLOSED, LONG_AGO).current is None
    assert plan_reminders(SLOTS, FIRST - TICK, LONG_AGO).current is None


def test_without_slots_no_reminder_is_created() -> None:
    assert plan_reminders((), FIRST, LONG_AGO).rows == ()
