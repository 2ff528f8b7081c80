import pytest

from tests.domain.explain.traces import explain, version


def test_days_skipped_made_up_and_rolled_are_named() -> None:
    assert explain(version(), "2026-06-15", "closes")[1:] == [
        ("not counted: weekends; 2026-05-01 to 2026-05-05 Labor Day, Day off"),
        "counted as make-up workdays: 2026-05-09",
        (
            ", lenient: 2026-05-05 is not a working day (Day off), moved earlier to "
            "2026-04-30"
        ),
    ]


@pytest.mark.parametrize(
    ("closes", "expires_on", "reading"),
    [
        (
            "3 months before expiry",
            "2026-05-31",
            "2026-02-28, the last day of a month ",
        ),
        ("3 months before expiry", "2026-06-30", "2026-03-30"),
        ("on expiry", "2026-12-31", "2026-12-31"),
        ("20 calendar days before expiry", "2026-12-31", "2026-12-11"),
        ("10 working days after expiry", "2026-09-30", "2026-10-20"),
        (
            "10 working days before expiry",
            "2026-12-27",
            "2026-12-13 by either reading: 2026-12-27 is not a working day",
        ),
    ],
)
def test_an_edge_with_one_reading_says_why(
    closes: str, expires_on: str, reading: str
) -> None:
    line = explain(version(closes), expires_on, f"closes {closes}")[0]
    assert line.startswith(reading)
    assert "lenient" not in line


def test_an_opening_takes_its_later_reading() -> None:
    opens = version("on expiry", opens="90 working days before expiry")
    line = explain(opens, "2026-06-15", "opens")
    assert line[0].startswith("90 working days before expiry: strict 2026-01-28, with")
    assert line[0].endswith("as one of them; texts name the later one")
    assert explain(opens, "2026-06-15", "zones") == [
        "in time from 2026-01-29 until 2026-06-15, expired after that"
    ]


def test_an_opening_in_a_holiday_moves_to_the_day_after_it() -> None:
    opens = version("on expiry", opens="60 calendar days before expiry")
    assert explain(opens, "2026-12-02", "opens")[-1] == (
        "2026-10-03 is not a working day (National Day), moved later to 2026-10-08"
    )


@pytest.mark.parametrize(
    ("office", "why"),
    [
        ("safe", "read as working days, the safe reading of a closing"),
        ("working", "read as working days, as 990000 reads it"),
        ("calendar", "read as calendar days, as 990000 reads it"),
    ],
)
def test_unqualified_days_are_explained_both_ways(office: str, why: str) -> None:
    bare = version("30 unqualified days before expiry")
    assert explain(bare, "2026-10-20", "closes", unqualified_days=office)[1] == (
        "the law says only days; as working days strict 2026-09-01, lenient "
        f"2026-09-02, as calendar days 2026-09-20; {why}"
    )


def test_unqualified_days_of_an_opening_are_safe_as_calendar_days() -> None:
    bare = version("on expiry", opens="60 unqualified days before expiry")
    assert explain(bare, "2026-11-20", "opens")[1].endswith(
        "read as calendar days, the safe reading of an opening"
    )


@pytest.mark.parametrize(
    ("margin", "line"),
    [
        (
            1,
            (
                "texts name 2026-11-17, a working day earlier, because 990000 keeps a "
                "margin"
            ),
        ),
        (
            3,
            (
                "texts name 2026-11-13, 3 working days earlier, because 990000 keeps a "
                "margin"
            ),
        ),
    ],
)
def test_the_margin_of_the_office_is_explained(margin: int, line: str) -> None:
    found = explain(version(), "2026-12-31", "closes", margin_working_days=margin)
    assert found[-1] == line


def test_a_year_without_published_holidays_is_explained() -> None:
    (line,) = explain(version(), "2027-01-15", "provisional")
    assert line.startswith("the holidays of CN are published until 2026-12-31; later")
    assert explain(version(), "2026-12-31", "provisional") == []
