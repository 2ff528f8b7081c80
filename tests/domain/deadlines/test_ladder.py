from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.calendars.holidays import calendars
from service.domain.deadlines.ladder import LadderComputation, compute_ladder
from service.domain.law.authority import Authority
from service.domain.law.period import Period
from service.domain.law.rule import Reference, Rule, Step, Version
from tests.domain.offices import LINJIANG, WORDS

CALENDARS = calendars()
CLAUSE = Reference("A law", "Article 1", date(2026, 11, 22), "example")
NEW_YORK = replace(LINJIANG, zone=ZoneInfo("America/New_York"), calendar="US")


def step(name: str, at: str, until: str | None = None, *, after: bool = False) -> Step:
    ends = Period.parse(until) if until else None
    return Step(name, Period.parse(at), name, ends, after)


PREPARE = step("prepare", "60 days before closing")
LAST_CALL = step("last-call", "5 working days before closing")
OPEN = step("open", "on opening")


def dated(
    expires_on: date,
    *steps: Step,
    closes: str = "30 working days before expiry",
    opens: str | None = None,
    authority: Authority = LINJIANG,
    sender: Authority | None = None,
) -> LadderComputation:
    version = Version(
        rule="xx-permit",
        in_force_from=date(2000, 1, 1),
        opens=Period.parse(opens) if opens else None,
        closes=Period.parse(closes),
        steps=steps,
        reference=CLAUSE,
    )
    rule = Rule(
        code="xx-permit",
        name=WORDS,
        certificate=WORDS,
        action=WORDS,
        calendar=authority.calendar,
        holder="any",
        validity="5 years",
        number_tail=4,
        versions=(version,),
    )
    return compute_ladder(
        rule, version, expires_on, authority, CALENDARS, sender=sender
    )


def sent_on(
    found: LadderComputation, office: Authority = LINJIANG
) -> list[tuple[str, date]]:
    return [
        (slot.step, slot.due_at.astimezone(office.zone).date())
        for slot in found.to_ladder().slots
    ]


def test_a_food_producer_s_closing_is_18_november_2026() -> None:
    found = dated(date(2026, 12, 31), PREPARE, LAST_CALL)
    assert found.window.closes_on == date(2026, 11, 18)
    assert found.window.closes_on_lenient == date(2026, 11, 19)
    assert not found.window.provisional
    prepare, last_call = found.to_ladder().slots
    assert prepare.due_at == datetime(2026, 9, 20, 1, 30, tzinfo=UTC)
    assert prepare.until_at == last_call.due_at
    assert last_call.due_at == datetime(2026, 11, 11, 1, 30, tzinfo=UTC)
    assert last_call.until_at == datetime(2026, 11, 18, 16, tzinfo=UTC)


def test_an_opening_on_a_new_york_saturday_is_sent_after_the_observed_new_year() -> (
    None
):
    found = dated(
        date(2023, 3, 31),
        OPEN,
        opens="90 calendar days before expiry",
        closes="on expiry",
        authority=NEW_YORK,
    )
    assert found.window.opens_on == date(2023, 1, 3)
    assert found.to_ladder().slots[0].due_at == datetime(2023, 1, 3, 14, 30, tzinfo=UTC)
    assert found.to_ladder().slots[0].until_at == datetime(2023, 4, 1, 4, tzinfo=UTC)


def test_a_step_on_the_closing_day_is_not_moved_behind_it() -> None:
    mondays = replace(LINJIANG, sending_days=frozenset({1}))
    found = dated(
        date(2026, 11, 18),
        step("last-call", "on closing"),
        closes="on expiry",
        authority=mondays,
    )
    assert sent_on(found) == [("last-call", date(2026, 11, 16))]


def test_a_step_past_its_last_day_slides_back_into_the_window() -> None:
    cautious = replace(LINJIANG, margin_working_days=10)
    late = step("last-call", "45 days before expiry")
    found = dated(date(2026, 12, 31), late, authority=cautious)
    assert sent_on(found) == [("last-call", found.window.closes_on)]


def test_a_step_is_over_at_the_end_of_its_until() -> None:
    early = step("prepare", "60 days before closing", until="20 days before closing")
    found = dated(date(2026, 12, 31), early)
    assert found.to_ladder().slots[0].until_at == datetime(2026, 10, 29, 16, tzinfo=UTC)


def test_steps_close_with_the_last_one_on_their_side_of_the_closing() -> None:
    lapsed = step("lapsed", "10 days before expiry", after=True)
    slots = dated(date(2026, 12, 31), PREPARE, LAST_CALL, lapsed).to_ladder().slots
    closing, end = (
        datetime(2026, *day, 16, tzinfo=UTC) for day in ((11, 18), (12, 31))
    )
    assert [slot.closes_at for slot in slots] == [closing, closing, end]


def test_no_step_is_current_between_closing_and_a_step_after_it() -> None:
    lapsed = step("lapsed", "10 days before expiry", after=True)
    last_call, after = dated(date(2026, 12, 31), LAST_CALL, lapsed).to_ladder().slots
    assert last_call.until_at == datetime(2026, 11, 18, 16, tzinfo=UTC)
    assert after.due_at == datetime(2026, 12, 21, 1, 30, tzinfo=UTC)
    assert after.until_at == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_a_step_that_the_next_one_would_overtake_at_once_is_left_out() -> None:
    holiday = step("prepare", "32 days before expiry")
    next_day = step("last-call", "31 days before expiry")
    found = dated(date(2026, 11, 5), holiday, next_day, closes="10 days before expiry")
    assert sent_on(found) == [("last-call", date(2026, 10, 8))]


def test_the_sender_decides_zone_and_hours_and_the_issuer_the_counting() -> None:
    issuer = replace(LINJIANG, margin_working_days=2, sends=False)
    early = replace(LINJIANG, sends_from=time(8), sending_days=frozenset({7}))
    found = dated(date(2026, 12, 31), PREPARE, authority=issuer, sender=early)
    assert found.window.closes_on == date(2026, 11, 16)
    assert found.to_ladder().slots[0].due_at == datetime(2026, 9, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sends_from", "expires_on", "due_at"),
    [
        (time(2, 30), date(2024, 3, 10), datetime(2024, 3, 10, 7, 30, tzinfo=UTC)),
        (time(1, 30), date(2024, 11, 3), datetime(2024, 11, 3, 5, 30, tzinfo=UTC)),
        (time(9, 30), date(2024, 3, 8), datetime(2024, 3, 8, 14, 30, tzinfo=UTC)),
        (time(9, 30), date(2024, 3, 11), datetime(2024, 3, 11, 13, 30, tzinfo=UTC)),
    ],
)
def test_local_hours_survive_the_change_of_clocks(
    sends_from: time, expires_on: date, due_at: datetime
) -> None:
    office = replace(
        NEW_YORK, sends_from=sends_from, sending_days=frozenset(range(1, 8))
    )
    on_expiry = step("last-day", "on expiry", after=True)
    slot = (
        dated(expires_on, on_expiry, closes="on expiry", authority=office)
        .to_ladder()
        .slots[0]
    )
    assert slot.due_at == due_at


LAWS: list[Callable[[date, Authority], LadderComputation]] = [
    lambda day, office: dated(day, PREPARE, LAST_CALL, authority=office),
    lambda day, office: dated(
        day,
        OPEN,
        PREPARE,
        LAST_CALL,
        authority=office,
        opens="12 months before expiry",
        closes="6 months before expiry",
    ),
    lambda day, office: dated(
        day,
        OPEN,
        LAST_CALL,
        authority=office,
        opens="60 unqualified days before expiry",
        closes="on expiry",
    ),
]
OFFICES = st.builds(
    replace,
    st.sampled_from([LINJIANG, NEW_YORK]),
    sending_days=st.one_of(
        st.just("working"),
        st.frozensets(st.integers(1, 7), min_size=1),
    ),
    sends_from=st.times(max_value=time(17)),
    margin_working_days=st.integers(0, 5),
)


@settings(deadline=None)
@given(st.sampled_from(LAWS), st.dates(date(2010, 1, 1), date(2035, 1, 1)), OFFICES)
def test_steps_are_in_order_within_hours_and_never_after_closing(
    law: Callable[[date, Authority], LadderComputation],
    expires_on: date,
    office: Authority,
) -> None:
    found = law(expires_on, office)
    working = CALENDARS[office.calendar].certain_workdays
    assert found.to_ladder().slots
    for slot in found.to_ladder().slots:
        local = slot.due_at.astimezone(office.zone)
        assert slot.due_at < slot.until_at
        assert office.sends_on(local.date(), working)
        assert local.date() <= found.window.closes_on
        assert slot.until_at <= datetime.combine(
            found.window.closes_on + timedelta(days=1), time(0), office.zone
        )
    for earlier, later in pairwise(found.to_ladder().slots):
        assert earlier.until_at == later.due_at
