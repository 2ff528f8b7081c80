import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from service.adapters.registers import reject_sheet
from service.adapters.registers.mapping import RegisterMapping
from service.adapters.registers.mapping_file import mapping_from
from service.adapters.registers.register_file import RegisterFile, read_register
from service.adapters.registers.reject_report import column_name, open_reject_report

COLUMNS = {"证号": "number", "单位": "holder", "有效期至": "expires_on"}
TABLE = {"rule": "r", "ignore": "rest", "columns": COLUMNS}

TITLED = (
    ("许可台账",),
    (),
    ("", "单位信息"),
    ("证号", "单位", "备注", "有效期至", "备注"),
    ("A-1", "甲", "", "2026-12-31", ""),
    ("A-2", "乙", "=1+1", "soon", "+1"),
    ("A-3", "丙", "", "2026-12-31", ""),
    ("", "丁", "", "2026-12-31", ""),
)


def read(path: Path, mapping: RegisterMapping) -> RegisterFile:
    return read_register(path, mapping, default_authority="a")


def workbook_of(register: Path, mapping: RegisterMapping) -> Path:
    """The workbook of the rows that are rejected on reading."""
    rows = read(register, mapping)
    path = register.with_name("rejects.csv")
    with open_reject_report(path, rows, mapping, {}) as report:
        for row in rows:
            if row.error:
                report.add(row.line, row.cells, row.error)
    return path.with_suffix(".xlsx")


def cells(path: Path) -> tuple[str, Sequence[list[Any]]]:
    """The name of the first sheet, and its rows."""
    book = CalamineWorkbook.from_path(str(path))
    sheet = book.get_sheet_by_index(0)
    return sheet.name, sheet.to_python(skip_empty_area=False)


def write_workbook(path: Path, name: str, rows: object) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):  # type: ignore[arg-type, var-annotated]
            sheet.write_row(at, 0, row)
    return path


@pytest.mark.parametrize("more", [{}, {"header_line": 4}, {"sheet": "许可"}])
def test_a_row_is_repaired_in_place_and_read_again_by_the_same_mapping(
    more: dict[str, object], tmp_path: Path
) -> None:
    mapping = mapping_from(TABLE | more, "m.toml")
    register = write_workbook(tmp_path / "city.xlsx", "许可", TITLED)
    rejects = workbook_of(register, mapping)
    assert rejects.stat().st_mode & 0o077 == 0
    name, rows = cells(rejects)
    assert name == "许可"
    assert [row[3:] for row in rows[:4]] == [
        ["许可台账", "", "", "", ""],
        ["", "", "", "", ""],
        ["", "单位信息", "", "", ""],
        ["证号", "单位", "备注", "有效期至", "备注"],
    ]
    assert rows[3][:3] == ["line", "reason", "repair"]
    assert [(row[0], *row[3:]) for row in rows[4:]] == [
        ("许可!D6", "A-2", "乙", "=1+1", "soon", "+1"),
        ("许可!A8", "", "丁", "", "2026-12-31", ""),
    ]
    rows[4][6], rows[5][3] = "2026年12月31日", "A-4"
    again = [*read(write_workbook(tmp_path / "mended.xlsx", name, rows), mapping)]
    assert [row.permit and row.permit.number for row in again] == ["A-2", "A-4"]
    assert [one for row in again for one in row.cells].count("=1+1") == 1


def test_the_rejects_of_a_text_are_a_workbook_that_its_mapping_reads(
    tmp_path: Path,
) -> None:
    mapping = mapping_from(
        TABLE
        | {"header_line": 3, "delimiter": ";", "encoding": "gb18030", "sheet": "2026"},
        "m.toml",
    )
    register = tmp_path / "city.csv"
    register.write_text("台账\n\n证号;单位;有效期至\nA-1;甲;soon\n", "gb18030")
    rejects = workbook_of(register, mapping)
    name, rows = cells(rejects)
    assert (name, rows[0][3], rows[3][0]) == ("2026", "台账", "4")
    (one,) = read(rejects, mapping)
    assert one.error
    assert "soon" in str(one.error)


def test_nothing_in_it_is_a_formula_and_the_wrong_cells_are_marked(
    tmp_path: Path,
) -> None:
    mapping = mapping_from(TABLE, "m.toml")
    register = write_workbook(tmp_path / "city.xlsx", "许可", TITLED)
    with zipfile.ZipFile(workbook_of(register, mapping)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        styles = parts.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    style_of = dict(re.findall(r'<c r="([A-Z]+\d+)" s="(\d+)"', sheet))
    formats = re.findall(r"<xf [^>]*>", styles.partition("<cellXfs")[2])
    filled = [
        at for at, style in style_of.items() if "applyFill" in formats[int(style)]
    ]
    assert filled == ["G5", "D6"]
    quoted = [at for at, style in style_of.items() if "quoteP" in formats[int(style)]]
    assert quoted == ["F5", "H5"]


@pytest.mark.parametrize(
    ("name", "sheet"),
    [
        ("a/b[c]:*?'", "a_b_c____"),
        ("许可" * 20, "许可" * 15 + "许"),
        ("'''", "Rejected"),
        ("reasons", "reasons"),
    ],
)
def test_a_sheet_has_a_name_that_excel_allows(
    name: str, sheet: str, tmp_path: Path
) -> None:
    mapping = mapping_from(TABLE | {"sheet": name}, "m.toml")
    register = tmp_path / "city.csv"
    register.write_text("证号,单位,有效期至\nA-1,甲,soon\n")
    assert cells(workbook_of(register, mapping))[0] == sheet


def test_rows_beyond_the_limit_of_excel_are_in_the_other_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reject_sheet, "MOST_ROWS", 3)
    register = tmp_path / "city.csv"
    register.write_text("证号,单位,有效期至\n" + "A,甲,soon\n" * 9)
    rejects = workbook_of(register, mapping_from(TABLE, "m.toml"))
    assert len(cells(rejects)[1]) == 3
    assert len(rejects.with_suffix(".csv").read_text().splitlines()) == 10


@pytest.mark.parametrize(
    ("at", "name"),
    [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")],
)
def test_a_column_has_its_letters(at: int, name: str) -> None:
    assert column_name(at) == name
