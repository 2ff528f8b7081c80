from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.law.rule import BilingualText
from service.domain.reports.period import parse_iso_week
from service.domain.reports.tally import Tally, TypeRow, percent
from service.domain.reports.weekly import ReportFigures, build_report

WEEK = parse_iso_week("2024-W05", ZoneInfo("Asia/Shanghai"))
AS_OF = datetime(2024, 2, 5, 1, tzinfo=UTC)
COUNTS = st.integers(0, 10_000)
TALLIES = st.builds(
    Tally,
    reminded=COUNTS,
    messages=COUNTS,
    delivered=COUNTS,
    failed=COUNTS,
    segments=COUNTS,
)
LINES = st.builds(
    TypeRow,
    rule=st.sampled_from(["cn-a", "cn-b", "cn-c"]),
    name=st.just(BilingualText("甲", "A")),
    this=TALLIES,
    previous=TALLIES,
    year=TALLIES,
    total=TALLIES,
)


def figures(*lines: TypeRow, **more: object) -> ReportFigures:
    return ReportFigures(
        period=WEEK,
        as_of=AS_OF,
        authority=BilingualText("某省局", "Province"),
        lines=lines,
        **({"not_reminded": {}} | more),  # type: ignore[arg-type]  # a test's shorthand
    )


def line(rule: str, *, messages: int, previous: int = 0) -> TypeRow:
    return TypeRow(
        rule=rule,
        name=BilingualText(rule, rule),
        this=Tally(reminded=messages, messages=messages),
        previous=Tally(messages=previous),
        total=Tally(messages=messages + previous),
    )


@given(st.lists(LINES, max_size=12))
def test_the_rows_of_the_types_add_up_to_the_totals(lines: list[TypeRow]) -> None:
    report = build_report(figures(*lines))
    for span in ("this", "previous", "year", "total"):
        total = getattr(report.sums, span)
        rows = [getattr(one, span) for one in report.lines]
        for unit in (
            *("reminded", "messages", "delivered", "failed", "pending", "segments"),
        ):
            assert getattr(total, unit) == sum(getattr(row, unit) for row in rows)
    assert report.sums.change == sum(one.change for one in report.lines)


def test_due_is_what_was_reminded_and_what_was_not_by_reason() -> None:
    report = build_report(
        figures(line("cn-a", messages=287), not_reminded={"opted out": 3, "late": 11})
    )
    assert (report.due, report.unsent) == (301, 14)
    assert report.reminded_rate == Decimal("95.35")


def test_the_most_frequent_reason_comes_first_and_empty_ones_are_left_out() -> None:
    counted = {"opted out": 3, "no mobile number": 6, "renewal filed": 3, "renewed": 0}
    report = build_report(figures(not_reminded=counted))
    assert list(report.not_reminded.items()) == [
        ("no mobile number", 6),
        ("opted out", 3),
        ("renewal filed", 3),
    ]


def test_waiting_reminders_are_left_to_a_later_report() -> None:
    report = build_report(figures(line("cn-a", messages=5), waiting=7, before_start=9))
    assert report.due == 5


def test_growth_is_against_the_messages_of_the_period_before() -> None:
    grown = build_report(figures(line("cn-a", messages=278, previous=241)))
    assert (grown.sums.change, grown.growth) == (37, Decimal("15.35"))
    shrunk = build_report(figures(line("cn-a", messages=241, previous=278)))
    assert (shrunk.sums.change, shrunk.growth) == (-37, Decimal("-13.31"))


def test_a_report_without_reminders_has_no_rates() -> None:
    report = build_report(figures(first_issue=True))
    assert report.reminded_rate is None
    assert report.growth is None
    assert report.filed_rate is None
    assert report.sums.total.delivery_rate is None
    assert report.types == 0


def test_only_types_that_were_texted_count_as_covered() -> None:
    lines = [line(f"cn-{n:02}", messages=n % 3) for n in range(12)]
    assert build_report(figures(*lines)).types == 8


def test_permits_applied_for_after_a_reminder_are_a_share_of_permits() -> None:
    report = build_report(figures(permits_reminded=857, filed_after_reminding=312))
    assert report.filed_rate == Decimal("36.41")


def test_lines_are_in_order_of_their_codes_whatever_the_store_does() -> None:
    report = build_report(figures(line("cn-b", messages=1), line("cn-a", messages=2)))
    assert [one.rule for one in report.lines] == ["cn-a", "cn-b"]


def test_the_instant_of_counting_is_in_the_zone_of_the_office() -> None:
    assert build_report(figures()).as_of.isoformat() == "2024-02-05T09:00:00+08:00"


def test_the_forecast_is_for_the_week_after() -> None:
    assert build_report(figures(forecast=263)).next_period.label == "2024-W06"


@pytest.mark.parametrize(
    ("part", "whole", "rate"),
    [
        (797, 830, "96.02"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 800, "0.13"),
        (-1, 800, "-0.13"),
        (5, 5, "100.00"),
        (0, 5, "0.00"),
        (5, 0, None),
    ],
)
def test_a_rate_has_two_decimals_and_rounds_halves_away_from_zero(
    part: int, whole: int, rate: str | None
) -> None:
    assert percent(part, whole) == (None if rate is None else Decimal(rate))
