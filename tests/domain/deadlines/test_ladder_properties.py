"""Properties of every shipped rule, for any expiry, office and calendar."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.calendars.holidays import china
from service.domain.calendars.calendar import DAY, Calendar, build_calendar, is_weekend
from service.domain.deadlines.edge import compute_closing
from service.domain.deadlines.ladder import compute_ladder
from service.domain.deadlines.window import compute_window
from service.domain.law.authority import Authority, UnqualifiedDays
from service.domain.law.period import Period
from service.domain.law.rule import Rule, Version
from tests.cases.dating import CALENDARS, OFFICES, RULES, ZONES

BARE: tuple[UnqualifiedDays, ...] = get_args(UnqualifiedDays)
SHIPPED = [
    (rule, version)
    for rule in RULES.values()
    if rule.never is None
    for version in rule.versions
]
WINDOWS = list(
    {
        (version.opens, version.closes, version.counts_from): version
        for rule, version in SHIPPED
        if rule.calendar == "CN"
    }.values()
)
"""One version for each way in which China's rules open and close."""

EXPIRIES = st.dates(date(2005, 1, 1), date(2035, 12, 31))


def placed(office: Authority, place: str) -> Authority:
    return replace(office, calendar=place, zone=ZoneInfo(ZONES[place]))


SENDERS = st.builds(
    placed,
    st.builds(
        replace,
        st.just(OFFICES["990000"]),
        sending_days=st.one_of(
            st.just("working"), st.frozensets(st.integers(1, 7), min_size=1)
        ),
        sends_from=st.times(max_value=time(17)),
    ),
    st.sampled_from(sorted(ZONES)),
)
ISSUERS = st.builds(
    replace,
    st.just(OFFICES["990000"]),
    unqualified_days=st.sampled_from(BARE),
    margin_working_days=st.integers(0, 5),
)


@given(st.sampled_from(SHIPPED), EXPIRIES, ISSUERS, SENDERS)
def test_steps_go_out_in_order_within_hours_and_before_they_are_untrue(
    shipped: tuple[Rule, Version],
    expires_on: date,
    issuer: Authority,
    sender: Authority,
) -> None:
    rule, version = shipped
    found = compute_ladder(rule, version, expires_on, issuer, CALENDARS, sender=sender)
    slots, steps = found.to_ladder().slots, {step.name: step for step in version.steps}
    assert slots
    for slot in slots:
        local = slot.due_at.astimezone(sender.zone)
        last_on = found.window.closes_on
        if steps[slot.step].after_closing:
            last_on = slot.until_at.astimezone(sender.zone).date()
        assert sender.sends_on(
            local.date(), CALENDARS[sender.calendar].certain_workdays
        )
        assert sender.sends_from <= local.time() <= sender.sends_until
        assert local.date() <= last_on
        assert slot.due_at < slot.until_at
        assert slot.until_at <= datetime.combine(last_on + DAY, time(0), sender.zone)
    for earlier, later in pairwise(slots):
        assert earlier.due_at < earlier.until_at <= later.due_at


@given(st.sampled_from(SHIPPED), EXPIRIES, ISSUERS)
def test_an_announced_closing_is_a_working_day_by_the_strict_reading(
    shipped: tuple[Rule, Version], expires_on: date, issuer: Authority
) -> None:
    rule, version = shipped
    law = CALENDARS[rule.calendar]
    found, _ = compute_window(
        version,
        expires_on,
        law,
        unqualified_days=issuer.unqualified_days,
        margin_working_days=issuer.margin_working_days,
    )
    assert found.closes_on <= found.closes_on_lenient
    assert found.closes_on in law.certain_workdays
    if found.opens_on is not None:
        assert found.opens_on in law.certain_workdays
        assert found.opens_on < found.closes_on


CLOSINGS = st.one_of(
    st.sampled_from([version.closes for version in WINDOWS]),
    st.integers(1, 120).map(lambda n: Period("expiry", n, "day", "working")),
    st.integers(1, 120).map(lambda n: Period("expiry", n, "day", "unqualified")),
    st.integers(1, 12).map(lambda n: Period("expiry", n, "month")),
)
NEAR = st.dates(date(2025, 6, 1), date(2027, 6, 30))
SOME = st.sets(NEAR, max_size=20)


@given(
    period=CLOSINGS,
    expires_on=st.dates(date(2026, 1, 1), date(2027, 6, 30)),
    off=SOME,
    worked=SOME.map(partial(filter, is_weekend)).map(set),
    doubtful=SOME,
    more=NEAR,
    bare=st.sampled_from(BARE),
    margin=st.integers(0, 5),
)
def test_a_day_off_more_never_moves_a_closing_later(
    *,
    period: Period,
    expires_on: date,
    off: set[date],
    worked: set[date],
    doubtful: set[date],
    more: date,
    bare: UnqualifiedDays,
    margin: int,
) -> None:
    def dated(off: set[date], worked: set[date]) -> tuple[date, date]:
        known = build_calendar(
            "XX",
            range(2023, 2029),
            dict.fromkeys(off, "off"),
            worked=worked,
            covered_until=date(2026, 12, 31),
            maybe_off=dict.fromkeys(doubtful, "perhaps"),
        )
        edge = compute_closing(period, expires_on, known, bare, margin)
        return edge.safe_on, edge.rolled_lenient_on

    before, after = dated(off, worked), dated(off | {more}, worked - {more})
    assert after[0] <= before[0]
    assert after[1] <= before[1]


TRUTH = CALENDARS["CN"]


@pytest.fixture(params=[2023, 2024, 2025], scope="module")
def guess(request: pytest.FixtureRequest) -> Calendar:
    """China's calendar when the notice for a year was the latest one."""
    return china(int(request.param))


def unpublished(guess: Calendar) -> list[date]:
    assert guess.covered_until is not None
    days = range(guess.covered_until.toordinal() + 1, date(2027, 1, 1).toordinal())
    return [date.fromordinal(day) for day in days]


@pytest.mark.parametrize("bare", BARE)
def test_a_closing_before_its_notice_is_never_later_than_after_it(
    guess: Calendar, bare: UnqualifiedDays
) -> None:
    for version in WINDOWS:
        for expires_on in unpublished(guess):
            early, _ = compute_window(version, expires_on, guess, unqualified_days=bare)
            true, _ = compute_window(version, expires_on, TRUTH, unqualified_days=bare)
            assert early.closes_on <= true.closes_on, (version.key, expires_on)
            assert early.closes_on_lenient <= true.closes_on_lenient, version.key


@pytest.mark.parametrize("bare", BARE)
def test_an_opening_before_its_notice_is_never_earlier_than_after_it(
    guess: Calendar, bare: UnqualifiedDays
) -> None:
    for version in WINDOWS:
        if version.opens is None:
            continue
        for expires_on in unpublished(guess):
            early, _ = compute_window(version, expires_on, guess, unqualified_days=bare)
            true, _ = compute_window(version, expires_on, TRUTH, unqualified_days=bare)
            assert early.opens_on is not None
            assert true.opens_on is not None
            assert early.opens_on >= true.opens_on, (version.key, expires_on)


def test_a_text_before_a_notice_names_no_day_after_the_closing_after_it(
    guess: Calendar,
) -> None:
    exact = moved = 0
    for version in WINDOWS:
        for expires_on in unpublished(guess):
            early, _ = compute_window(version, expires_on, guess)
            true, _ = compute_window(version, expires_on, TRUTH)
            named = early.announced_closing(date.min)
            assert named <= true.closes_on, (version.key, expires_on)
            if early.closing_may_move:
                moved += 1
                assert named.day in {10, 20} or (named + timedelta(1)).day == 1
            else:
                exact += 1
                assert named == true.closes_on, (version.key, expires_on)
    assert exact, "a closing that no notice can move is exact at once"
    assert moved


def test_a_certain_date_before_a_notice_is_the_same_after_it(
    guess: Calendar,
) -> None:
    for version in WINDOWS:
        for expires_on in unpublished(guess):
            early, _ = compute_window(version, expires_on, guess)
            true, _ = compute_window(version, expires_on, TRUTH)
            assert early.provisional or early == true, (version.key, expires_on)
            assert not true.provisional
