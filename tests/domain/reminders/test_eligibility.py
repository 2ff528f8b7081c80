from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.calendars.holidays import calendars
from service.domain.delivery.status import ReminderState
from service.domain.law.authority import Authority
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine
from service.domain.reminders.eligibility import (
    Candidate,
    End,
    Hold,
    decide_sending,
    find_end,
)
from tests.domain.offices import LINJIANG

R = ReminderState
EXPIRES = date(2024, 12, 31)
UNTIL = datetime(2024, 11, 18, 16, tzinfo=UTC)
NOON = datetime(2024, 11, 13, 4, tzinfo=UTC)
"""Noon on a Wednesday in Linjiang."""

SECOND, TICK = timedelta(seconds=1), timedelta(microseconds=1)
GAP = 3

NEW_YORK = replace(LINJIANG, zone=ZoneInfo("America/New_York"), calendar="US")
SENDABLE = Candidate(
    expires_on=EXPIRES,
    until_at=UNTIL,
    permit_expires_on=EXPIRES,
    permit_status=PermitStatus.ACTIVE,
    replaced=False,
    renewal_filed_on=None,
    line=PhoneLine.MOBILE,
    opted_out=False,
    last_sent_at=None,
    last_announced_on=None,
    register_valid_until=None,
)


def verdict(
    now: datetime = NOON,
    office: Authority = LINJIANG,
    **changed: Any,  # noqa: ANN401 - a candidate's fields
) -> End | Hold | None:
    working = calendars()[office.calendar].certain_workdays
    opens_at = partial(office.next_sending_at, now, working)
    return decide_sending(replace(SENDABLE, **changed), now, opens_at, GAP)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_reminder_without_an_end_or_hold_is_sent() -> None:
    assert verdict() is None


@pytest.mark.parametrize(
    ("changed", "state", "reason"),
    [
        ({"replaced": True}, R.CANCELLED, "renewed"),
        (
            {"permit_expires_on": date(2029, 12, 31), "term_renewed": True},
            *(R.CANCELLED, "renewed"),
        ),
        ({"permit_expires_on": date(2025, 1, 31)}, R.CANCELLED, "expiry corrected"),
        ({"permit_expires_on": None}, R.CANCELLED, "renewed"),
        ({"permit_expires_on": date(2024, 12, 30)}, R.CANCELLED, "expiry corrected"),
        (
            *({"permit_status": PermitStatus.SUSPENDED}, R.CANCELLED),
            "permit suspended",
        ),
        (
            *({"permit_status": PermitStatus.WITHDRAWN}, R.CANCELLED),
            "permit withdrawn",
        ),
        ({"renewal_filed_on": date(2024, 1, 1)}, R.CANCELLED, "renewal filed"),
        ({"until_at": NOON}, R.MISSED, "window closed"),
        ({"until_at": NOON - TICK}, R.MISSED, "window closed"),
        ({"line": None}, R.SUPPRESSED, "no phone number"),
        ({"line": PhoneLine.FIXED}, R.SUPPRESSED, "no mobile number"),
        ({"line": PhoneLine.INVALID}, R.SUPPRESSED, "no mobile number"),
        ({"opted_out": True}, R.SUPPRESSED, "opted out"),
    ],
    ids=str,
)
def test_each_end_has_its_state_and_reason(
    changed: dict[str, Any], state: ReminderState, reason: str
) -> None:
    assert verdict(**changed) == End(state, reason)
    assert find_end(replace(SENDABLE, **changed), NOON) == End(state, reason)
    at_night = NOON.replace(hour=20)
    if "until_at" not in changed:
        assert verdict(at_night, **changed) == End(state, reason), "no end is held"


def test_a_step_is_current_until_the_last_instant_before_its_end() -> None:
    assert verdict(until_at=NOON + TICK) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"permit_expires_on": date(2025, 1, 1)}, {"until_at": NOON}),
        ({"permit_status": PermitStatus.WITHDRAWN}, {"line": None}),
        ({"until_at": NOON}, {"opted_out": True}),
        ({"replaced": True}, {"permit_status": PermitStatus.WITHDRAWN}),
        ({"line": PhoneLine.FIXED}, {"opted_out": True}),
    ],
    ids=str,
)
def test_a_reason_of_the_permit_comes_before_one_of_the_phone(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert verdict(**first, **second) == verdict(**first)


@pytest.mark.parametrize(
    ("last_sent_at", "held_until"),
    [
        (NOON - timedelta(days=3), None),
        (NOON - timedelta(days=3) + TICK, NOON + TICK),
        (NOON, NOON + timedelta(days=3)),
        (NOON + timedelta(hours=1), NOON + timedelta(days=3, hours=1)),
    ],
)
def test_two_texts_about_one_permit_are_three_whole_days_apart(
    last_sent_at: datetime, held_until: datetime | None
) -> None:
    expected = held_until and Hold(held_until, "texted within 3 days")
    assert verdict(last_sent_at=last_sent_at) == expected


@pytest.mark.parametrize(
    ("valid_until", "stale"),
    [(None, False), (NOON + TICK, False), (NOON, True), (NOON - TICK, True)],
)
def test_a_stale_register_holds_for_an_hour(
    valid_until: datetime | None, *, stale: bool
) -> None:
    expected = Hold(NOON + timedelta(hours=1), "register is stale") if stale else None
    assert verdict(register_valid_until=valid_until) == expected


def test_on_trial_a_recipient_who_is_not_staff_is_held_for_an_hour() -> None:
    later = NOON + timedelta(hours=1)
    assert verdict(outside_trial=True) == Hold(later, "trial: not a staff number")
    assert isinstance(verdict(outside_trial=True, opted_out=True), End)


@pytest.mark.parametrize(
    ("office", "now", "sends_at"),
    [
        (LINJIANG, "2024-11-13T09:29:59+08:00", "2024-11-13T09:30:00+08:00"),
        (LINJIANG, "2024-11-13T09:30:00+08:00", "2024-11-13T09:30:00+08:00"),
        (LINJIANG, "2024-11-13T17:29:59+08:00", "2024-11-13T17:29:59+08:00"),
        (LINJIANG, "2024-11-13T17:30:00+08:00", "2024-11-14T09:30:00+08:00"),
        (LINJIANG, "2024-11-13T00:00:00+08:00", "2024-11-13T09:30:00+08:00"),
        # Friday evening; a Saturday; the National Day week; a make-up Sunday.
        (LINJIANG, "2024-11-15T18:00:00+08:00", "2024-11-18T09:30:00+08:00"),
        (LINJIANG, "2024-11-16T12:00:00+08:00", "2024-11-18T09:30:00+08:00"),
        (LINJIANG, "2024-09-30T17:30:00+08:00", "2024-10-08T09:30:00+08:00"),
        (LINJIANG, "2024-09-29T12:00:00+08:00", "2024-09-29T12:00:00+08:00"),
        # Clocks go forward on 10 March and back on 3 November, both Sundays.
        (NEW_YORK, "2024-03-08T17:30:00-05:00", "2024-03-11T09:30:00-04:00"),
        (NEW_YORK, "2024-11-01T17:30:00-04:00", "2024-11-04T09:30:00-05:00"),
        # New Year observed on a Monday; Thanksgiving; the last day of a year.
        (NEW_YORK, "2022-12-31T12:00:00-05:00", "2023-01-03T09:30:00-05:00"),
        (NEW_YORK, "2024-11-28T12:00:00-05:00", "2024-11-29T09:30:00-05:00"),
        (NEW_YORK, "2024-12-31T17:30:00-05:00", "2025-01-02T09:30:00-05:00"),
    ],
)
def test_the_next_sending_is_the_first_instant_inside_hours_and_days(
    office: Authority, now: str, sends_at: str
) -> None:
    working = calendars()[office.calendar].certain_workdays
    assert office.next_sending_at(utc(now), working) == utc(sends_at)
    until = utc(sends_at) + timedelta(days=30)
    expected = None if now == sends_at else Hold(utc(sends_at), "outside sending hours")
    assert verdict(utc(now), office, until_at=until) == expected


EVERY_DAY = replace(
    NEW_YORK,
    sending_days=frozenset(range(1, 8)),
    sends_from=time(2, 30),
    sends_until=time(4),
)


@pytest.mark.parametrize(
    ("now", "sends_at"),
    [
        # 02:30 does not exist on 10 March: it is then 03:30 by the new clock.
        ("2024-03-10T00:00:00-05:00", "2024-03-10T03:30:00-04:00"),
        ("2024-03-10T03:30:00-04:00", "2024-03-10T03:30:00-04:00"),
        ("2024-11-03T01:30:00-04:00", "2024-11-03T02:30:00-05:00"),
        ("2024-11-03T01:30:00-05:00", "2024-11-03T02:30:00-05:00"),
    ],
)
def test_sending_hours_in_the_night_of_a_clock_change_happen_once(
    now: str, sends_at: str
) -> None:
    assert EVERY_DAY.next_sending_at(utc(now), frozenset()) == utc(sends_at)


def test_an_office_may_text_on_saturdays() -> None:
    saturdays = replace(LINJIANG, sending_days=frozenset({6}))
    expected = utc("2024-11-16T09:30:00+08:00")
    assert saturdays.next_sending_at(NOON, frozenset()) == expected


@given(
    now=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
    office=st.sampled_from([LINJIANG, NEW_YORK, EVERY_DAY]),
)
def test_the_next_sending_is_not_past_and_is_inside_sending_hours(
    now: datetime, office: Authority
) -> None:
    working = calendars()[office.calendar].certain_workdays
    instant = now.replace(tzinfo=UTC)
    found = office.next_sending_at(instant, working)
    assert found >= instant
    assert office.next_sending_at(found, working) == found
