import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from service.adapters.documents import Documents
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.law.rule import BilingualText
from service.domain.reports.period import parse_iso_week
from service.domain.reports.tally import Tally, TypeRow
from service.domain.reports.weekly import ReportFigures, build_report

WORDS = JinjaTemplateLibrary(Path(__file__).parents[3] / "templates")
GOLDEN = Path(__file__).with_name("report-2024-w05.txt")


def counted(
    reminded: int,
    messages: int,
    delivered: int = 0,
    failed: int = 0,
    segments: int = 0,
) -> Tally:
    return Tally(
        reminded=reminded,
        messages=messages,
        delivered=delivered,
        failed=failed,
        segments=segments,
    )


FIGURES = ReportFigures(
    period=parse_iso_week("2024-W05", ZoneInfo("Asia/Shanghai")),
    as_of=datetime(2024, 2, 5, 1, tzinfo=UTC),
    authority=BilingualText("某省市场监督管理局", "Province market regulator"),
    lines=(
        TypeRow(
            rule="xx-inspection",
            name=BilingualText("检验检测机构资质认定", "Inspection and testing"),
            this=counted(49, 47, 44, 2, 94),
            previous=counted(41, 40),
            year=counted(149, 142),
            total=counted(149, 142, 137, 4, 298),
        ),
        TypeRow(
            rule="xx-food-production",
            name=BilingualText("食品生产许可", "Food production"),
            this=counted(58, 55, 53, 1, 110),
            previous=counted(52, 49),
            year=counted(175, 168),
            total=counted(175, 168, 163, 4, 340),
        ),
        TypeRow(
            rule="xx-food-business",
            name=BilingualText("食品经营许可", "Food business"),
            this=counted(180, 176, 168, 5, 352),
            previous=counted(156, 152),
            year=counted(533, 520),
            total=counted(533, 520, 497, 16, 1040),
            restated=counted(2, 2, 7, -1, 4),
        ),
    ),
    not_reminded={"opted out": 3, "renewal filed": 5, "no mobile number": 6},
    before_start=40,
    permits_reminded=840,
    filed_after_reminding=312,
    forecast=263,
)
DOCUMENTS = Documents(WORDS)


def test_the_text_report_is_whole_aligned_and_in_both_languages() -> None:
    assert DOCUMENTS.as_text(build_report(FIGURES)) == GOLDEN.read_text(
        encoding="utf-8"
    )


def test_a_first_issue_has_no_column_for_the_change() -> None:
    first = DOCUMENTS.as_text(build_report(replace(FIGURES, first_issue=True)))
    assert "较上期" not in first
    assert "  change" not in first


def test_a_type_that_was_never_texted_has_no_rate() -> None:
    quiet = replace(FIGURES.lines[0], total=Tally())
    told = DOCUMENTS.as_text(build_report(replace(FIGURES, lines=(quiet,))))
    assert "检验检测机构资质认定    49" in told
    assert [line[-1] for line in told.splitlines() if line.startswith("Total")] == ["-"]


def test_the_csv_has_a_row_per_type_and_no_row_that_sums_twice() -> None:
    rows = [*csv.DictReader(io.StringIO(DOCUMENTS.as_csv(build_report(FIGURES))))]
    assert [row["rule"] for row in rows] == [
        "xx-food-business",
        "xx-food-production",
        "xx-inspection",
    ]
    assert rows[1] == {
        "period": "2024-W05",
        "from": "2024-01-29",
        "to": "2024-02-04",
        "as_of": "2024-02-05T09:00:00+08:00",
        "simulated": "false",
        "rule": "xx-food-production",
        "name_zh": "食品生产许可",
        "name_en": "Food production",
        "reminded": "58",
        "messages": "55",
        "delivered": "53",
        "failed": "1",
        "pending": "1",
        "segments": "110",
        "previous_messages": "49",
        "year_reminded": "175",
        "year_messages": "168",
        "total_reminded": "175",
        "total_messages": "168",
        "total_delivered": "163",
        "total_failed": "4",
        "total_pending": "1",
        "total_segments": "340",
        "total_delivery_rate": "97.02",
        "restated_reminded": "0",
        "restated_messages": "0",
        "restated_delivered": "0",
        "restated_failed": "0",
        "restated_pending": "0",
        "restated_segments": "0",
    }
    restated = {name: rows[0][f"restated_{name}"] for name in ("messages", "pending")}
    assert restated == {"messages": "2", "pending": "-4"}


def test_a_report_without_types_is_a_csv_of_headings() -> None:
    told = DOCUMENTS.as_csv(build_report(replace(FIGURES, lines=())))
    assert told.splitlines() == [told.splitlines()[0]]
    assert told.startswith("period,from,to,as_of,simulated,rule,")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    name = BilingualText(f"{start}1+1", f"{start}A1")
    line = replace(FIGURES.lines[0], name=name)
    told = DOCUMENTS.as_csv(build_report(replace(FIGURES, lines=(line,))))
    (row,) = csv.DictReader(io.StringIO(told, newline=""))
    assert row["name_zh"] == f"'{start}1+1"
    assert row["name_en"] == f"'{start}A1"


def test_the_json_sums_at_the_top_what_its_types_say() -> None:
    report = json.loads(DOCUMENTS.as_json(build_report(FIGURES)))
    kept = ("rule", "name", "total_delivery_rate")
    for key in report["types"][0].keys() - kept:
        assert report[key] == sum(line[key] for line in report["types"]), key
    assert report["due"] == report["reminded"] + sum(report["not_reminded"].values())
    assert report["total_delivery_rate"] == 96.02


def test_the_json_names_its_period_its_moment_and_its_office() -> None:
    report = json.loads(DOCUMENTS.as_json(build_report(FIGURES)))
    assert report["period"] == "2024-W05"
    assert (report["from"], report["to"]) == ("2024-01-29", "2024-02-04")
    assert report["starts_at"] == "2024-01-28T16:00:00+00:00"
    assert report["as_of"] == "2024-02-05T09:00:00+08:00"
    assert report["authority"]["zh"] == "某省市场监督管理局"
    assert report["next_period"] == "2024-W06"
    assert report["next_period_reminders"] == 263
    assert report["types"][0]["name"] == {"zh": "食品经营许可", "en": "Food business"}


def test_a_first_issue_in_json_has_nothing_to_compare_with() -> None:
    first = json.loads(
        DOCUMENTS.as_json(build_report(replace(FIGURES, first_issue=True)))
    )
    assert first["first_issue"] is True
    assert first["previous_messages"] is None
    assert {line["previous_messages"] for line in first["types"]} == {None}


def test_counts_from_the_sandbox_are_labelled_in_every_form() -> None:
    report = build_report(replace(FIGURES, simulated=True))
    assert json.loads(DOCUMENTS.as_json(report))["simulated"] is True
    assert "模拟数据" in DOCUMENTS.as_text(report)
    assert "SIMULATED" in DOCUMENTS.as_text(report)
    rows = csv.DictReader(io.StringIO(DOCUMENTS.as_csv(report)))
    assert {row["simulated"] for row in rows} == {"true"}
