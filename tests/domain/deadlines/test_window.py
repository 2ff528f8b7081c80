"""The window's edges on China's real calendar, against examples worked by hand."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.calendars.holidays import calendars
from service.domain.calendars.calendar import build_calendar
from service.domain.deadlines.edge import compute_closing, compute_opening
from service.domain.deadlines.window import Window, compute_window
from service.domain.errors import InvalidError
from service.domain.law.authority import UnqualifiedDays
from service.domain.law.period import Period
from service.domain.law.rule import Reference, Version

CN = calendars()["CN"]
SHARED = Path(__file__).parents[3].parent / "shared/reference/regulations-cn.json"
CLAUSE = Reference("A law", "Article 1", date(2026, 11, 22), "example")
DAY = timedelta(days=1)

WORKED = [
    ("2026-12-31", "30 working days before", "close", "2026-11-18", "2026-11-19"),
    ("2026-10-20", "90 working days before", "open", "2026-06-08", "2026-06-09"),
    ("2026-10-20", "15 working days before", "close", "2026-09-21", "2026-09-22"),
    ("2026-06-15", "90 working days before", "open", "2026-01-28", "2026-01-29"),
    ("2026-06-15", "30 working days before", "close", "2026-04-29", "2026-04-30"),
    ("2026-02-25", "30 working days before", "close", "2026-01-06", "2026-01-07"),
    ("2025-10-31", "15 working days before", "close", "2025-10-10", "2025-10-11"),
    ("2026-05-31", "3 months before", "close", "2026-02-28", "2026-02-28"),
    ("2026-08-31", "6 months before", "close", "2026-02-28", "2026-02-28"),
]
"""Expiry, period, edge, strict and lenient day, and both moved to a working day."""


def version(closes: str, opens: str | None = None) -> Version:
    return Version(
        rule="xx-permit",
        in_force_from=date(2020, 1, 1),
        opens=Period.parse(opens) if opens else None,
        closes=Period.parse(closes),
        steps=(),
        reference=CLAUSE,
    )


def on_cn(
    closes: str,
    expires_on: date,
    opens: str | None = None,
    bare: UnqualifiedDays = "safe",
    margin: int = 0,
) -> Window:
    found, _ = compute_window(
        version(closes, opens),
        expires_on,
        CN,
        unqualified_days=bare,
        margin_working_days=margin,
    )
    return found


@pytest.mark.parametrize(("expiry", "bound", "role", "strict", "lenient"), WORKED)
def test_the_nine_worked_examples_are_computed(
    expiry: str, bound: str, role: str, strict: str, lenient: str
) -> None:
    expires_on, period = date.fromisoformat(expiry), Period.parse(f"{bound} expiry")
    if role == "open":
        edge = compute_opening(period, expires_on, CN, "safe")
        assert str(edge.safe_on) == lenient
        assert (str(edge.strict_on), str(edge.lenient_on)) == (strict, lenient)
        return
    edge = compute_closing(period, expires_on, CN, "safe")
    assert (str(edge.safe_on), str(edge.rolled_lenient_on)) == (strict, lenient)


def test_the_nine_are_those_of_the_reference() -> None:
    if not SHARED.exists():
        pytest.skip("../shared is not here: the nine examples stand in this file")
    safe = json.loads(SHARED.read_text(encoding="utf-8"))["counting"]["worked_examples"]
    strict = ("strict_actionable", "actionable")
    lenient = ("lenient_actionable", "actionable")
    rows = [
        (
            one["expiry"],
            one["bound"],
            one["role"],
            next(one[key] for key in strict if key in one),
            next(one[key] for key in lenient if key in one),
        )
        for one in safe
    ]
    assert rows == WORKED


def test_a_closing_on_a_sunday_rolls_to_the_friday_before() -> None:
    found = on_cn("3 months before expiry", date(2026, 6, 22))
    assert found.closes_on == found.closes_on_lenient == date(2026, 3, 20)


def test_a_closing_on_a_make_up_saturday_stays() -> None:
    assert on_cn("on expiry", date(2026, 10, 10)).closes_on == date(2026, 10, 10)


def test_a_closing_at_an_expiry_in_a_holiday_moves_before_it() -> None:
    assert on_cn("on expiry", date(2026, 10, 3)).closes_on == date(2026, 9, 30)


def test_an_opening_on_a_holiday_moves_behind_it() -> None:
    found = on_cn("on expiry", date(2026, 12, 2), "60 calendar days before expiry")
    assert found.opens_on == date(2026, 10, 8)


def test_a_grace_after_expiry_is_counted_forward() -> None:
    assert on_cn("10 working days after expiry", date(2026, 9, 30)).closes_on == date(
        2026, 10, 20
    )


@pytest.mark.parametrize(
    ("bare", "opens_on", "closes_on"),
    [
        ("safe", date(2026, 9, 21), date(2026, 9, 1)),
        ("working", date(2026, 8, 24), date(2026, 9, 1)),
        ("calendar", date(2026, 9, 21), date(2026, 9, 20)),
    ],
)
def test_unqualified_days_are_read_as_the_office_chose(
    bare: UnqualifiedDays, opens_on: date, closes_on: date
) -> None:
    days = "{} unqualified days before expiry"
    found = on_cn(days.format(30), date(2026, 10, 20), bare=bare)
    assert found.closes_on == closes_on
    opens = on_cn("on expiry", date(2026, 11, 20), days.format(60), bare=bare)
    assert opens.opens_on == opens_on


def test_the_office_margin_moves_only_the_announced_closing() -> None:
    found = on_cn("30 working days before expiry", date(2026, 12, 31), margin=3)
    assert found.closes_on == date(2026, 11, 13)
    assert found.closes_on_lenient == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("closes", "expires_on", "provisional"),
    [
        ("30 working days before expiry", date(2026, 12, 31), False),
        ("30 working days before expiry", date(2027, 1, 1), True),
        ("3 months before expiry", date(2027, 3, 31), False),
        ("3 months before expiry", date(2027, 4, 1), True),
        ("on expiry", date(2026, 12, 31), False),
        ("on expiry", date(2027, 1, 1), True),
        ("on expiry", date(2027, 1, 29), False),
        ("30 calendar days before expiry", date(2027, 3, 31), False),
    ],
)
def test_a_window_is_provisional_if_a_notice_to_come_may_move_it(
    closes: str, expires_on: date, *, provisional: bool
) -> None:
    known = build_calendar(
        "XX",
        range(2025, 2029),
        {},
        covered_until=date(2026, 12, 31),
        maybe_off={date(2027, 1, 1): "New Year"},
    )
    found, _ = compute_window(version(closes), expires_on, known)
    assert found.provisional is provisional


def test_an_opening_alone_can_make_a_window_provisional() -> None:
    known = build_calendar(
        "XX",
        range(2025, 2029),
        {},
        covered_until=date(2026, 12, 31),
        maybe_off={date(2027, 1, 1): "New Year"},
    )
    both = version("6 months before expiry", "20 working days before expiry")
    found, _ = compute_window(both, date(2027, 1, 8), known)
    assert found.provisional
    assert not found.closing_may_move, "so texts name its exact day"


def test_an_expiry_outside_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidError, match="expires_on: found 9999-12-31, expected a"):
        on_cn("3 months before expiry", date.max)


EXPIRIES = st.dates(date(2005, 1, 1), date(2035, 12, 31))
CLOSINGS = st.one_of(
    st.integers(1, 120).map(lambda n: Period("expiry", n, "day", "working")),
    st.integers(1, 120).map(lambda n: Period("expiry", n, "day", "unqualified")),
    st.integers(1, 12).map(lambda n: Period("expiry", n, "month")),
    st.just(Period("expiry")),
)


@settings(deadline=None)
@given(CLOSINGS, EXPIRIES, st.integers(0, 5))
def test_the_strict_closing_is_never_after_the_lenient(
    period: Period, expires_on: date, margin: int
) -> None:
    edge = compute_closing(period, expires_on, CN, "safe", margin)
    assert edge.safe_on <= edge.rolled_lenient_on <= expires_on
    assert edge.safe_on in CN.certain_workdays


@settings(deadline=None)
@given(st.integers(1, 120), EXPIRIES)
def test_safe_days_are_safe_under_either_reading(count: int, expires_on: date) -> None:
    bare = Period("expiry", count, "day", "unqualified")
    readings: tuple[UnqualifiedDays, UnqualifiedDays] = ("working", "calendar")
    for reading in readings:
        safe = compute_closing(bare, expires_on, CN, "safe")
        assert safe.safe_on <= compute_closing(bare, expires_on, CN, reading).safe_on
        opens = compute_opening(bare, expires_on, CN, "safe")
        assert opens.safe_on >= compute_opening(bare, expires_on, CN, reading).safe_on
