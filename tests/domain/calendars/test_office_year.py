from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.calendars.holidays import calendars, china
from service.domain.calendars.calendar import Calendar, build_calendar, fingerprint
from service.domain.calendars.office_year import (
    CalendarYear,
    find_contradictions,
    last_day_of_notice,
    overlay_years,
    refuse_missing_year,
)
from service.domain.deadlines.edge import compute_closing, compute_opening
from service.domain.errors import ConflictError
from service.domain.law.period import Period

DAY = timedelta(days=1)
LAST = china(2025)
"""China's calendar before the notice for 2026."""

PUBLISHED = china(2026)

MAY_DAY = date(2027, 5, 1)  # a Saturday
FESTIVAL = date(2027, 6, 9)  # a Wednesday, off by statute
MAYBE = date(2027, 6, 10)  # a Thursday that a notice may take off
SATURDAY = date(2027, 6, 12)  # that a notice may have worked
PLAIN = date(2027, 3, 10)  # a Wednesday like any other

base: Callable[..., Calendar] = partial(
    build_calendar,
    "XX",
    range(2025, 2031),
    {date(2026, 10, 1): "National Day", MAY_DAY: "May Day", FESTIVAL: "Festival"},
    worked=[date(2026, 10, 10)],
    covered_until=date(2026, 12, 31),
    maybe_off={MAYBE: "perhaps Festival"},
    maybe_working=[SATURDAY],
)


def year(
    *off: date, worked: tuple[date, ...] = (), of: int = 2027, published: bool = False
) -> CalendarYear:
    names = {day: f"off {day:%d}" for day in off}
    return CalendarYear("XX", of, names, frozenset(worked), published, "the notice")


def rows_of_2026() -> CalendarYear:
    grounds = PUBLISHED.data
    off = {day: name for day, name in grounds.off.items() if day.year == 2026}
    worked = frozenset(day for day in grounds.worked if day.year == 2026)
    return CalendarYear("CN", 2026, off, worked, published=True, source="2026")


@pytest.mark.parametrize("years", [[], [replace(year(PLAIN), calendar="YY")]])
def test_a_calendar_without_own_days_stays_the_same(
    years: list[CalendarYear],
) -> None:
    assert overlay_years(base(), years) == base()


def test_a_day_off_of_the_office_is_off_in_both_indexes_and_named() -> None:
    known = overlay_years(base(), [year(PLAIN, SATURDAY)])
    for day in (PLAIN, SATURDAY):
        assert day not in known.certain_workdays
        assert day not in known.possible_workdays
    assert known.day_off_names[PLAIN] == "off 10"
    assert known.covered_until == date(2026, 12, 31)


def test_a_day_the_office_works_is_worked_in_both_indexes() -> None:
    known = overlay_years(base(), [year(worked=(MAYBE, FESTIVAL, SATURDAY))])
    for day in (MAYBE, FESTIVAL, SATURDAY):
        assert day in known.certain_workdays
        assert day in known.possible_workdays
        assert day not in known.day_off_names


def test_days_that_the_office_does_not_name_stay_uncertain() -> None:
    known = overlay_years(base(), [year(PLAIN)])
    assert MAYBE not in known.certain_workdays
    assert MAYBE in known.possible_workdays
    assert SATURDAY in known.possible_workdays
    assert known.day_off_names[MAYBE] == "perhaps Festival"


def test_in_a_published_year_only_its_rows_and_weekends_are_off() -> None:
    known = overlay_years(base(), [year(PLAIN, worked=(SATURDAY,), published=True)])
    assert known.covered_until == date(2027, 12, 31)
    for day in (MAYBE, FESTIVAL, SATURDAY):
        assert day in known.certain_workdays
    for day in (PLAIN, MAY_DAY):
        assert day not in known.possible_workdays
    assert list(
        known.describe_days_off(
            date(2027, 1, 1), date(2027, 12, 31), known.certain_workdays
        )
    ) == [f"{PLAIN} off 10"]


def test_a_year_published_again_replaces_the_former_notice() -> None:
    again = year(date(2026, 10, 2), of=2026, published=True)
    known = overlay_years(base(), [again])
    assert date(2026, 10, 1) in known.certain_workdays
    assert date(2026, 10, 2) not in known.possible_workdays
    assert date(2026, 10, 10) not in known.possible_workdays
    assert known.covered_until == date(2026, 12, 31)


def test_the_office_s_own_days_override_the_notice() -> None:
    notice = year(FESTIVAL, worked=(SATURDAY,), published=True)
    own = year(SATURDAY, worked=(FESTIVAL,))
    for years in ([notice, own], [own, notice]):
        known = overlay_years(base(), years)
        assert FESTIVAL in known.certain_workdays
        assert SATURDAY not in known.possible_workdays


def test_years_published_in_order_extend_the_known_days() -> None:
    years = [year(PLAIN + 364 * n * DAY, of=2027 + n, published=True) for n in (1, 0)]
    assert overlay_years(base(), years).covered_until == date(2028, 12, 31)


def test_a_year_after_a_gap_has_its_days_but_stays_provisional() -> None:
    known = overlay_years(base(), [year(date(2028, 3, 8), of=2028, published=True)])
    assert date(2028, 3, 8) not in known.possible_workdays
    assert known.covered_until == date(2026, 12, 31)
    assert SATURDAY in known.possible_workdays


def test_a_computable_calendar_stays_known_for_ever() -> None:
    known = overlay_years(base(covered_until=None), [year(PLAIN, published=True)])
    assert known.covered_until is None
    assert PLAIN not in known.certain_workdays


@pytest.mark.parametrize(
    ("of", "until"),
    [
        (2018, date(2018, 12, 28)),
        (2026, date(2026, 12, 31)),
        (2028, date(2028, 12, 31)),
        (2029, date(2029, 12, 28)),
    ],
)
def test_a_new_year_on_a_tuesday_reaches_back_into_december(
    of: int, until: date
) -> None:
    assert last_day_of_notice(of) == until


def test_a_notice_decides_about_the_december_before_a_tuesday() -> None:
    monday, saturday = date(2029, 12, 31), date(2029, 12, 29)
    known_2029 = base(covered_until=last_day_of_notice(2029))
    notice = year(monday, worked=(saturday,), of=2030, published=True)
    known = overlay_years(known_2029, [notice])
    assert monday not in known.possible_workdays
    assert saturday in known.certain_workdays
    assert find_contradictions(known_2029, notice) == []


@pytest.mark.parametrize(
    ("published", "missing"),
    [([2028], 2027), ([2029, 2027], 2028), ([2027, 2028, 2030], 2029)],
)
def test_a_year_cannot_be_published_before_the_one_before_it(
    published: list[int], missing: int
) -> None:
    years = [year(of=of, published=True) for of in published]
    with pytest.raises(ConflictError, match=f"publish {missing} first"):
        refuse_missing_year(base(), years)


@pytest.mark.parametrize(
    ("known", "years"),
    [
        (base(), []),
        (base(), [year(of=2026, published=True)]),
        (base(), [year(of=2028, published=True), year(of=2027, published=True)]),
        (base(), [year(of=2029)]),
        (base(covered_until=None), [year(of=2029, published=True)]),
        (base(), [replace(year(of=2029, published=True), calendar="YY")]),
        (base(covered_until=last_day_of_notice(2029)), [year(of=2030, published=True)]),
        (base(covered_until=date(2026, 6, 30)), [year(of=2026, published=True)]),
    ],
)
def test_years_without_a_gap_may_be_published(
    known: Calendar, years: list[CalendarYear]
) -> None:
    refuse_missing_year(known, years)


@pytest.mark.parametrize(
    ("contradicting", "lines"),
    [
        (year(PLAIN), []),
        (year(worked=(SATURDAY, MAYBE)), []),
        (
            year(date(2026, 5, 4), worked=(date(2026, 10, 1),), of=2026),
            [
                "2026-05-04: off, says the notice; worked, says XX (a Monday)",
                "2026-10-01: worked, says the notice; off, says XX (National Day)",
            ],
        ),
        (
            year(date(2026, 10, 10), of=2026),
            ["2026-10-10: off, says the notice; worked, says XX (a Saturday)"],
        ),
        (
            year(date(2026, 10, 2), of=2026, published=True),
            [
                "2026-10-01: worked, says the notice; off, says XX (National Day)",
                "2026-10-02: off, says the notice; worked, says XX (a Friday)",
                "2026-10-10: off, says the notice; worked, says XX (a Saturday)",
            ],
        ),
        (
            year(PLAIN, published=True),
            ["2027-06-09: worked, says the notice; off, says XX (Festival)"],
        ),
    ],
)
def test_rows_that_contradict_the_published_days_are_named(
    contradicting: CalendarYear, lines: list[str]
) -> None:
    assert find_contradictions(base(), contradicting) == lines


def test_the_notice_for_2026_contradicts_nothing_and_brings_what_the_library_has() -> (
    None
):
    notice = rows_of_2026()
    assert find_contradictions(LAST, notice) == []
    assert find_contradictions(PUBLISHED, notice) == []
    assert fingerprint(overlay_years(LAST, [notice])) == fingerprint(PUBLISHED)
    assert fingerprint(overlay_years(PUBLISHED, [notice])) == fingerprint(PUBLISHED)


DAYS_OF_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))
PERIODS = st.builds(
    Period.parse,
    st.builds(
        "{} {} before expiry".format,
        st.integers(1, 90),
        st.sampled_from(["working days", "calendar days"]),
    ),
)
own_rows = st.builds(
    lambda off, worked: CalendarYear(
        "CN",
        2026,
        dict.fromkeys(off, "ours"),
        worked - off,
        published=False,
        source="us",
    ),
    st.frozensets(DAYS_OF_2026, max_size=6),
    st.frozensets(DAYS_OF_2026, max_size=6),
)


@settings(deadline=None)
@given(st.frozensets(DAYS_OF_2026, min_size=1, max_size=6), DAYS_OF_2026, PERIODS)
def test_a_day_off_more_never_moves_a_closing_later(
    off: frozenset[date], expires_on: date, period: Period
) -> None:
    rows = replace(year(*off, of=2026), calendar="CN")
    for known in (LAST, PUBLISHED, calendars()["US"]):
        fewer = overlay_years(known, [replace(rows, calendar=known.code)])
        before = compute_closing(period, expires_on, known, "safe")
        after = compute_closing(period, expires_on, fewer, "safe")
        assert after.safe_on <= before.safe_on
        assert after.rolled_lenient_on <= before.rolled_lenient_on


@settings(deadline=None)
@given(own_rows, DAYS_OF_2026, PERIODS)
def test_with_own_days_an_office_announces_no_closing_too_late(
    own: CalendarYear, expires_on: date, period: Period
) -> None:
    guess, truth = (
        overlay_years(LAST, [own]),
        overlay_years(LAST, [rows_of_2026(), own]),
    )
    guessed = compute_closing(period, expires_on, guess, "safe")
    assert guessed.safe_on <= compute_closing(period, expires_on, truth, "safe").safe_on
    opens = compute_opening(period, expires_on, guess, "safe")
    assert opens.safe_on >= compute_opening(period, expires_on, truth, "safe").safe_on
