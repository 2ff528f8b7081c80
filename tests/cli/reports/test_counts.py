import csv
import io

import pytest

from tests.cli.commands import CMA, Run

pytestmark = pytest.mark.usefixtures("sent")

MONDAY = ("--from", "2024-01-29", "--to", "2024-01-29")
TALLY = {
    "reminders": 4,
    "messages": 4,
    "delivered": 1,
    "failed": 2,
    "pending": 1,
    "segments": 8,
}
NOTHING = dict.fromkeys(TALLY, 0)


def test_counts_are_by_rule_by_default(run: Run) -> None:
    told = run("counts", *MONDAY, "--format", "json").told
    assert told == [{"of": CMA, **TALLY}]
    assert run("counts", *MONDAY, "--by", "rule", "--format", "json").told == told


def test_counts_are_csv_by_default(run: Run) -> None:
    text = run("counts", *MONDAY).answer.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{"of": CMA} | {name: str(n) for name, n in TALLY.items()}]
    assert run("counts", *MONDAY, "--format", "csv").answer.endswith(text)


def test_counts_by_authority(run: Run) -> None:
    asked = ("counts", *MONDAY, "--format", "json", "--by", "authority")
    assert run(*asked).told == [{"of": "990000", **TALLY}]
    assert run(*asked, "--authority", "us-nyc").told == []


def test_counts_by_day_include_days_without_any(run: Run) -> None:
    days = ("--from", "2024-01-28", "--to", "2024-01-30")
    assert run("counts", *days, "--by", "day", "--format", "json").told == [
        {"of": "2024-01-28", **NOTHING, "holders": 0},
        {"of": "2024-01-29", **TALLY, "holders": 4},
        {"of": "2024-01-30", **NOTHING, "holders": 0},
    ]


def test_counts_by_week(run: Run) -> None:
    days = ("--from", "2024-01-28", "--to", "2024-02-04")
    assert run("counts", *days, "--by", "week", "--format", "json").told == [
        {"of": "2024-W04", **NOTHING, "holders": 0},
        {"of": "2024-W05", **TALLY, "holders": 4},
    ]


def test_days_in_the_wrong_order_are_an_error(run: Run) -> None:
    for command in ("counts", "report"):
        ran = run(command, "--from", "2024-01-30", "--to", "2024-01-29")
        assert "to: found 2024-01-29, expected a day not before 2024-01-30" in (
            ran.refusal
        )


@pytest.mark.parametrize(
    "day", ["0001-01-01", "1949-12-31", "2201-01-01", "9999-12-31"]
)
def test_a_day_of_no_permit_is_an_error(run: Run, day: str) -> None:
    assert f"found '{day}', expected a day such as 2026-12-31, from 1950 to 2200" in (
        run("counts", "--from", day, "--to", day).refusal
    )
    instant = ("--as-of", f"{day}T00:00+08:00")
    assert "such as 2024-01-29T09:30+08:00, from 1950 to 2200" in (
        run("report", *instant).refusal
    )


def test_more_days_than_can_be_listed_are_an_error(run: Run) -> None:
    days = ("--from", "2000-01-01", "--to", "2024-01-29")
    assert "to: found 2024-01-29, expected a day not after 2002-09-26" in (
        run("counts", *days, "--by", "day").refusal
    )


def test_the_report_is_in_both_languages_and_says_that_it_is_simulated(
    run: Run,
) -> None:
    text = run("report", "--week", "2024-W05").answer
    assert "临江省市场监督管理局" in text
    assert "发送短信4条" in text
    assert "Linjiang Province Administration for Market Regulation" in text
    assert "4 messages" in text
    assert "模拟数据" in text
    assert "SIMULATED" in text


def test_the_report_is_of_this_week_by_default(run: Run) -> None:
    week = run("report", "--week", "2024-W05").answer
    assert run("report").answer == week
    assert run("report", "--week", "2024-W04").answer != week


def test_the_report_as_csv_has_a_row_for_each_type_and_the_total(run: Run) -> None:
    text = run("report", "--week", "2024-W05", "--format", "csv").answer
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert any(CMA in row for row in rows)
    assert len({len(row) for row in rows}) == 1


def test_the_report_as_json_of_a_week_and_of_its_days_is_the_same(run: Run) -> None:
    told = run("report", "--week", "2024-W05", "--format", "json").told
    days = ("--from", "2024-01-29", "--to", "2024-02-04")
    same = run("report", *days, "--format", "json").told
    assert told["period"] != same["period"]
    for key in ("from", "to", "due", "reminded", "messages", "not_reminded", "types"):
        assert told[key] == same[key]
    assert (told["due"], told["reminded"]) == (5, 4)
    assert told["not_reminded"] == {"no phone number": 1}


def test_deliveries_are_counted_as_of_an_instant(run: Run) -> None:
    asked = ("report", "--week", "2024-W05", "--format", "json")
    seen = {}
    for hour in (13, 18):
        told = run(*asked, "--as-of", f"2024-01-29T{hour}:00+08:00").told
        seen[hour] = [told[key] for key in ("messages", "delivered", "pending")]
    assert seen == {13: [4, 0, 4], 18: [4, 1, 1]}
    assert run(*asked).told["delivered"] == 1


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        ("2024-W54", "a week of 2024, W01 to W52"),
        ("2024-W00", "a week of 2024, W01 to W52"),
        ("2024-5", "an ISO week such as 2024-W05"),
        ("2024-W5", "an ISO week such as 2024-W05"),
        ("last", "an ISO week such as 2024-W05"),
    ],
)
def test_a_wrong_week_is_an_error(week: str, expected: str, run: Run) -> None:
    assert run("report", "--week", week).refusal == (
        f"permit-reminders: report: week: found '{week}', expected {expected}"
    )


def test_an_unknown_office_is_an_error(run: Run) -> None:
    for asked in (("report",), ("counts", *MONDAY)):
        assert run(*asked, "--authority", "110000").refusal == (
            "permit-reminders: unknown authority '110000'; known: 990000, us-nyc"
        )


def test_one_of_several_offices_must_be_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PERMIT_REMINDERS_AUTHORITY")
    for asked in (("report",), ("counts", *MONDAY)):
        assert run(*asked).refusal == (
            "permit-reminders: authority: none is named; give --authority or set "
            "PERMIT_REMINDERS_AUTHORITY to one of 990000, us-nyc"
        )
