import csv
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
import xlsxwriter

from service.adapters.registers.mapping import IDENTITY_MAPPING, RegisterMapping
from service.adapters.registers.mapping_file import mapping_from
from service.adapters.registers.register_file import read_register
from service.adapters.registers.reject_report import RejectReport, open_reject_report
from service.cli.stop_signal import StoppedError

CODES = {"rule": ["cn-food-production-license"], "authority": ["us-nyc"]}

CITY = mapping_from(
    {
        "rule": "cn-food-production-license",
        "date_format": "%d.%m.%Y",
        "ignore": ["备注"],
        "columns": {
            "证号": "number",
            "单位": "holder",
            "有效期至": "expires_on",
            "状态": "status",
            "电话": "phones",
            "手机": "phones",
        },
        "values": {"status": {"有效": "active", "错": "reject"}},
    },
    "city.toml",
)


def report_of(
    register: Path, mapping: RegisterMapping = IDENTITY_MAPPING
) -> tuple[RejectReport, list[list[str]]]:
    """The report of what is rejected on reading, and the rows of its CSV file."""
    path = register.with_name("rejects.csv")
    rows = read_register(register, mapping, default_authority="a")
    with open_reject_report(path, rows, mapping, CODES) as report:
        for row in rows:
            if row.error:
                report.add(row.line, row.cells, row.error)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return report, list(csv.reader(file))


def write_csv(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def write_workbook(path: Path, rows: Iterable[tuple[str, ...]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("许可")
        for at, row in enumerate(rows, start=1):
            sheet.write_row(at, 1, row)  # nothing is in column A and in row 1
    return path


def test_rejected_rows_come_back_as_they_came_with_reason_and_repair(
    tmp_path: Path,
) -> None:
    register = write_csv(
        tmp_path / "permits.csv",
        "rule,number,holder,expires_on",
        "r,1,某某,2026-12-31",
        "r,2,+某某,someday",
        "r,3",
        'r,4,"x" y,2026-12-31',
        "r,5,x,2026-12-31,+1",
    )
    report, (header, *rows) = report_of(register)
    assert report.count == 4
    assert header == [
        "line",
        "reason",
        "repair",
        "rule",
        "number",
        "holder",
        "expires_on",
    ]
    assert [[one[0], *one[3:]] for one in rows] == [
        ["3", "r", "2", "'+某某", "someday"],
        ["4", "r", "3", "", ""],
        ["5", "", "", "", "", 'r,4,"x" y,2026-12-31'],
        ["6", "r", "5", "x", "2026-12-31", "'+1"],
    ]
    assert rows[0][1].startswith("expires_on: found 'someday', expected a date")
    assert rows[0][2].endswith('[values.expires_on]: "someday" = "no expiry"')
    assert rows[3][2] == (
        "complete the row; a cell that holds the separator needs quotes around it"
    )
    path = tmp_path / "rejects.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.stat().st_mode & 0o077 == 0


def test_columns_keep_their_place_though_nobody_reads_them(tmp_path: Path) -> None:
    register = write_csv(
        tmp_path / "permits.csv",
        "备注,证号,备注,单位,,有效期至",
        "a,1,b,某某,,soon",
        "a,2,b,某某,x,31.12.2026",
    )
    mapping = mapping_from(
        {
            "rule": "r",
            "ignore": ["备注"],
            "date_format": "%d.%m.%Y",
            "columns": {"证号": "number", "单位": "holder", "有效期至": "expires_on"},
        },
        "m.toml",
    )
    _, (header, *rows) = report_of(register, mapping)
    assert header[3:] == ["备注", "证号", "备注", "单位", "", "有效期至"]
    assert [one[3:] for one in rows] == [
        ["a", "1", "b", "某某", "", "soon"],
        ["a", "2", "b", "某某", "x", "31.12.2026"],
    ]
    assert rows[1][2] == (
        'give the column a heading, or add to the mapping: ignore = [""]'
    )


def test_a_mistake_in_a_workbook_has_the_address_of_its_cell(tmp_path: Path) -> None:
    header = ("证号", "单位", "有效期至", "状态", "备注", "电话", "手机")
    wrong = ("1", "某某", "31/12/2026", "吊销", "", "", "")
    register = write_workbook(tmp_path / "city.xlsx", [header, (), wrong])
    _, (_, row) = report_of(register, CITY)
    place, reason, repair = row[:3]
    expected = "expected a date like 2026-12-31, or written %d.%m.%Y"
    assert place == "许可!E4"
    assert reason.split("; ") == [
        "status (状态, E4): found '吊销', expected one of 有效, 错",
        f"expires_on (有效期至, D4): found '31/12/2026', {expected}",
    ]
    added = "add to the mapping, below "
    assert repair.split("; ") == [
        f'{added}[values.status]: "吊销" = "withdrawn"',
        f'{added}[date_formats]: "有效期至" = ["%d.%m.%Y", "%d/%m/%Y"]',
    ]


def test_of_several_columns_of_a_field_the_wrong_one_is_named(tmp_path: Path) -> None:
    mapping = mapping_from(
        {
            "columns": {"Name": "holder"},
            "permits": [
                {
                    "rule": rule,
                    "columns": {rule: "number", f"{rule} ends": "expires_on"},
                }
                for rule in ("a", "b")
            ],
        },
        "m.toml",
    )
    register = write_csv(
        tmp_path / "permits.csv",
        "Name,a,a ends,b,b ends",
        "x,1,2026-12-31,2,soon",
        "x,3,later,4,soon",
    )
    report, (_, first, second) = report_of(register, mapping)
    assert first[1].startswith("expires_on (b ends): found 'soon'")
    assert "expires_on (a ends): found 'later'" in second[1]
    assert "expires_on (b ends): found 'soon'" in second[1]
    assert [one.rows for one in report.reasons.groups()] == [2, 1]


@pytest.mark.parametrize("mistaken", ["soon", "31.12.2026"])
def test_without_a_rejected_row_there_is_no_report(
    mistaken: str, tmp_path: Path
) -> None:
    register = write_csv(
        tmp_path / "city.csv", "证号,单位,有效期至", f"1,某某,{mistaken}"
    )
    mapping = mapping_from(
        {
            "rule": "r",
            "date_format": "%d.%m.%Y",
            "columns": {"证号": "number", "单位": "holder", "有效期至": "expires_on"},
        },
        "m.toml",
    )
    rows = read_register(register, mapping, default_authority="a")
    with open_reject_report(tmp_path / "r.csv", rows, mapping, CODES) as report:
        for row in rows:
            if row.error:
                report.add(row.line, row.cells, row.error)
    assert (tmp_path / "r.csv").exists() == (mistaken == "soon")


def test_an_import_that_breaks_off_leaves_no_phone_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    register = write_csv(
        tmp_path / "city.csv",
        "rule,number,holder,expires_on,phones",
        "cn-food-production-license,1,ACME,soon,+12125550142",
    )
    rows = read_register(register, IDENTITY_MAPPING, default_authority="a")
    path = tmp_path / "rejects.csv"

    def break_off() -> None:
        with open_reject_report(path, rows, IDENTITY_MAPPING, CODES) as report:
            for row in rows:
                assert row.error
                report.add(row.line, row.cells, row.error)
                report.add(row.line + 1, row.cells, row.error)
            assert [one for one in temporary.rglob("*") if one.is_file()]
            raise StoppedError

    with pytest.raises(StoppedError):
        break_off()
    assert not [*temporary.iterdir()]
    assert sorted(tmp_path.iterdir()) == [register, temporary]
