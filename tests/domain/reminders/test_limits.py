from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.domain.law.authority import Authority
from service.domain.reminders.eligibility import Hold
from service.domain.reminders.limits import (
    CLAIM_HORIZON,
    DAILY_LIMIT,
    RECIPIENT_LIMIT,
    LimitBudget,
    Usage,
    apply_horizon,
    compute_limits,
)
from tests.domain.offices import LINJIANG

NOW = datetime(2024, 9, 19, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai, a Thursday."""

TOMORROW = datetime(2024, 9, 20, 1, 30, tzinfo=UTC)
MIDNIGHT = datetime(2024, 9, 18, 16, tzinfo=UTC)
WORKING = frozenset(date(2024, 9, 16) + timedelta(days=at) for at in range(5))
NOTHING = Usage({}, {}, {})
HOUR = timedelta(hours=1)


def office(**changed: Any) -> Authority:  # noqa: ANN401 - fields
    return replace(LINJIANG, **changed)


def take_text(
    purse: LimitBudget, it: Authority, phone: str = "p1", segments: int = 2
) -> object:
    return purse.take_text(it, WORKING, phone, segments)


@pytest.mark.parametrize(
    ("before", "held"),
    [
        ([], False),
        ([NOW], False),
        ([NOW, NOW - HOUR], True),
        ([NOW, MIDNIGHT], True),
        ([NOW, MIDNIGHT - timedelta(microseconds=1)], False),
        ([MIDNIGHT - HOUR, MIDNIGHT - HOUR, MIDNIGHT - HOUR], False),
    ],
)
def test_a_phone_gets_two_texts_a_day_and_the_day_is_the_office_s(
    before: list[datetime], *, held: bool
) -> None:
    results = take_text(LimitBudget(Usage({"p1": before}, {}, {}), NOW), office())
    assert results == (Hold(TOMORROW, RECIPIENT_LIMIT) if held else 0.0)


def test_texts_of_the_same_claim_count_at_once() -> None:
    purse, it = LimitBudget(NOTHING, NOW), office()
    results = [take_text(purse, it, phone) for phone in ("p1", "p1", "p1", "p2")]
    assert results == [0.0, 0.0, Hold(TOMORROW, RECIPIENT_LIMIT), 0.0]


@pytest.mark.parametrize(("sent", "left"), [(0, 3), (2, 1), (3, 0), (9, 0)])
def test_an_office_sends_no_more_than_its_daily_limit(sent: int, left: int) -> None:
    it = office(daily_limit=3)
    purse = LimitBudget(Usage({}, {"990000": sent}, {}), NOW)
    results = [take_text(purse, it, f"p{at}") for at in range(4)]
    assert results == [0.0] * left + [Hold(TOMORROW, DAILY_LIMIT)] * (4 - left)


def test_a_text_held_on_a_friday_waits_for_monday() -> None:
    friday = NOW + timedelta(days=1)
    weeks = WORKING | {day + timedelta(days=7) for day in WORKING}
    purse = LimitBudget(Usage({"p1": [friday] * 2}, {}, {}), friday)
    results = purse.take_text(office(), weeks, "p1", 1)
    assert results == Hold(TOMORROW + timedelta(days=3), RECIPIENT_LIMIT)


@pytest.mark.parametrize(
    ("speed", "segments", "between"),
    [
        ({"messages_per_second": 2.0}, 2, 0.5),
        ({"segments_per_second": 4.0}, 2, 0.5),
        ({"messages_per_second": 10.0, "segments_per_second": 4.0}, 3, 0.75),
        ({"messages_per_second": 1.0, "segments_per_second": 100.0}, 3, 1.0),
    ],
)
def test_texts_of_a_sender_start_one_after_the_other(
    speed: dict[str, float], segments: int, between: float
) -> None:
    purse, it = LimitBudget(NOTHING, NOW), office(**speed)
    results = [take_text(purse, it, f"p{at}", segments) for at in range(3)]
    assert results == [0.0, between, 2 * between]
    assert purse.sender_waits == {"default": 3 * between}


def test_a_text_whose_turn_is_beyond_the_horizon_is_left_to_a_later_claim() -> None:
    it = office(messages_per_second=0.5)
    purse = LimitBudget(Usage({}, {}, {"default": CLAIM_HORIZON}), NOW)
    assert [take_text(purse, it, f"p{at}") for at in range(2)] == [CLAIM_HORIZON, None]
    assert purse.sender_waits == {"default": CLAIM_HORIZON + 2.0}


def test_senders_do_not_wait_for_each_other() -> None:
    purse = LimitBudget(Usage({}, {}, {"default": 2.5}), NOW)
    slow = office(messages_per_second=1.0)
    other = office(messages_per_second=1.0, sent_from="+15005550006")
    assert take_text(purse, slow) is None
    assert take_text(purse, other) == 0.0
    assert take_text(purse, office()) == 0.0, "who has no limit takes no turns"


def waiting(seconds: float) -> Usage:
    """A usage in which the default sender is free after so many seconds."""
    return Usage({}, {}, {"default": seconds})


@pytest.mark.parametrize(
    ("waits", "turn"), [(-1.0, 0.0), (3.0, 3.0), (3.1, None), (3600.0, None)]
)
def test_an_implausible_turn_is_ignored(waits: float, turn: float | None) -> None:
    limits = compute_limits([office(messages_per_second=1.0)], NOW)
    assert apply_horizon(waiting(waits), limits).sender_waits.get("default") == turn


def test_offices_that_share_a_sender_wait_for_the_longest_text_of_each_other() -> None:
    """Eight segments of the slower office keep the sender busy for eight seconds."""
    slower, faster = office(segments_per_second=1.0), office(segments_per_second=3.0)
    for offices in ([slower, faster], [faster, slower]):
        limits = compute_limits(offices, NOW)
        assert limits.sender_intervals == {"default": 8.0}
        waits = apply_horizon(waiting(10.0), limits).sender_waits
        assert take_text(LimitBudget(Usage({}, {}, waits), NOW), faster) is None


def test_only_limits_that_are_set_are_counted() -> None:
    limits = compute_limits([office()], NOW)
    assert (limits.day_starts, limits.sender_intervals) == ({}, {})
    limits = compute_limits([office(daily_limit=9, segments_per_second=1.0)], NOW)
    assert limits.day_starts == {"990000": MIDNIGHT}
    assert limits.sender_intervals == {"default": 8.0}


def test_a_day_begins_at_local_midnight_also_when_clocks_change() -> None:
    york = office(zone=ZoneInfo("America/New_York"))
    noon = datetime(2024, 11, 3, 17, tzinfo=UTC)
    assert york.day_start(noon) == datetime(2024, 11, 3, 4, tzinfo=UTC)
