from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.law.period import (
    MAX_AMOUNTS,
    Anchor,
    DayKind,
    Direction,
    Period,
    PeriodError,
)

LENGTHS = [(unit, st.integers(1, longest)) for unit, longest in MAX_AMOUNTS.items()]


@st.composite
def periods(draw: st.DrawFn) -> Period:
    anchor = draw(st.sampled_from(get_args(Anchor)))
    if draw(st.booleans()):
        day = draw(st.dates())
        direction = draw(st.sampled_from(get_args(Direction)))
        yearly_on = (day.month, day.day)
        return Period("expiry", direction=direction, yearly_on=yearly_on)
    if draw(st.booleans()):
        return Period(anchor)
    unit, amounts = draw(st.sampled_from(LENGTHS))
    kinds = (None, *get_args(DayKind)) if unit == "day" else (None,)
    kind = draw(st.sampled_from(kinds))
    direction = draw(st.sampled_from(get_args(Direction)))
    return Period(anchor, draw(amounts), unit, kind, direction)


@settings(deadline=None)
@given(periods())
def test_a_period_written_and_parsed_again_is_the_same(period: Period) -> None:
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("30 working days before expiry", Period("expiry", 30, "day", "working")),
        ("90 calendar days before expiry", Period("expiry", 90, "day", "calendar")),
        (
            "60 unqualified days before expiry",
            Period("expiry", 60, "day", "unqualified"),
        ),
        ("5 days before closing", Period("closing", 5)),
        ("1 day after closing", Period("closing", 1, direction="after")),
        ("  6  months before\nexpiry ", Period("expiry", 6, "month")),
        ("1 weeks after opening", Period("opening", 1, "week", direction="after")),
        ("on opening", Period("opening")),
        ("on 31 October before expiry", Period("expiry", yearly_on=(10, 31))),
        (
            "on 1 April after expiry",
            Period("expiry", direction="after", yearly_on=(4, 1)),
        ),
    ],
)
def test_periods_are_parsed_as_laws_write_them(text: str, period: Period) -> None:
    assert Period.parse(text) == period


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "30 working days before expiry"),
        ("30 days", "30 working days before expiry"),
        ("30 business days before expiry", "30 working days before expiry"),
        ("-3 days before expiry", "30 working days before expiry"),
        ("３ days before expiry", "30 working days before expiry"),
        ("before expiry", "on closing"),
        ("0 days before expiry", '"on" for the edge itself'),
        ("3 working months before expiry", '"working" with days only'),
        ("2 unqualified weeks before expiry", '"unqualified" with days only'),
        ("1001 days before expiry", "at most 1000 days"),
        ("4 years before expiry", "at most 3 years"),
        ("on 31 April before expiry", "a day from 1 to 30 April"),
        ("on 31 Oct before expiry", "30 working days before expiry"),
        ("on 31 October", "30 working days before expiry"),
        ("on 31 October before closing", "30 working days before expiry"),
    ],
)
def test_a_text_that_is_no_period_is_refused_with_what_was_expected(
    text: str, expected: str
) -> None:
    with pytest.raises(PeriodError) as refusal:
        Period.parse(text)
    assert expected in str(refusal.value)
    assert isinstance(refusal.value, ValueError)


@pytest.mark.parametrize(
    ("period", "start", "day"),
    [
        ("3 months before expiry", date(2026, 5, 31), date(2026, 2, 28)),
        ("3 months before expiry", date(2024, 5, 31), date(2024, 2, 29)),
        ("12 months before expiry", date(2024, 2, 29), date(2023, 2, 28)),
        ("1 year before expiry", date(2024, 2, 29), date(2023, 2, 28)),
        ("1 month before expiry", date(2026, 1, 31), date(2025, 12, 31)),
        ("1 month after expiry", date(2025, 12, 31), date(2026, 1, 31)),
        ("1 month after expiry", date(2026, 1, 31), date(2026, 2, 28)),
        ("2 weeks before expiry", date(2026, 1, 1), date(2025, 12, 18)),
        ("90 calendar days before expiry", date(2023, 3, 31), date(2022, 12, 31)),
        ("10 days after expiry", date(2024, 2, 25), date(2024, 3, 6)),
        ("on expiry", date(2026, 1, 31), date(2026, 1, 31)),
    ],
)
def test_calendar_periods_count_from_the_anchor(
    period: str, start: date, day: date
) -> None:
    assert Period.parse(period).shift(start) == day


@pytest.mark.parametrize(
    ("text", "expiry", "day"),
    [
        ("on 31 October before expiry", "2026-12-31", "2026-10-31"),
        ("on 31 October before expiry", "2026-11-01", "2026-10-31"),
        ("on 31 October before expiry", "2026-10-31", "2025-10-31"),
        ("on 31 October before expiry", "2026-10-30", "2025-10-31"),
        ("on 1 April after expiry", "2026-04-01", "2027-04-01"),
        ("on 1 April after expiry", "2026-03-31", "2026-04-01"),
        ("on 29 February before expiry", "2028-03-01", "2028-02-29"),
        ("on 29 February before expiry", "2027-03-01", "2027-02-28"),
    ],
)
def test_a_day_of_the_year_is_the_nearest_one_and_never_the_expiry_itself(
    text: str, expiry: str, day: str
) -> None:
    found = Period.parse(text).shift(date.fromisoformat(expiry))
    assert str(found) == day
