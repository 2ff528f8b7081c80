import csv
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import xlsxwriter

from service.adapters.tables.header_row import find_delimiter, find_header
from service.adapters.tables.table import TableHints, TableRow
from service.adapters.tables.table_file import open_table
from service.domain.errors import InvalidError

COLUMNS = ("证号", "名称", "到期")
ROWS = [["1", "青枫食品", "2027-03-01"], ["2", "龙门饭店；老店", "2027-04-15"]]
HINTS = TableHints(columns=COLUMNS, required=COLUMNS)


def write(path: Path, rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path.read_text("utf-8")


def read(
    path: Path, hints: TableHints = HINTS
) -> tuple[str, list[str], list[TableRow]]:
    with open_table(path, hints) as table:
        return str(table.form), table.header, [*table.rows]


def refusal(path: Path, hints: TableHints = HINTS) -> str:
    with pytest.raises(InvalidError) as refused:
        read(path, hints)
    said = str(refused.value)
    assert "\n" not in said
    assert said.startswith(f"{path.name}: ")
    return said.removeprefix(f"{path.name}: ")


def make_workbook(path: Path, cells: dict[str, object], *others: str) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name in others:
            book.add_worksheet(name).write("A1", "Exported yesterday")
        sheet = book.add_worksheet("Permits")
        for place, value in cells.items():
            sheet.write(place, value)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_separator_and_encoding_are_found(
    encoding: str, delimiter: str, tmp_path: Path
) -> None:
    path = tmp_path / "register.xls"  # no extension decides
    text = write(path, [["许可证登记表"], COLUMNS, *ROWS], delimiter)
    path.write_text(text, encoding, newline="")
    form, header, rows = read(path)
    assert form.endswith(", header in line 2 (1 row above it is not read)")
    assert header == [*COLUMNS]
    assert [row.cells for row in rows] == ROWS
    assert [row.line for row in rows] == [3, 4]


def test_what_a_mapping_names_goes_before_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text("a;b,c\nd;e,f\n", "utf-8")
    hints = TableHints(encoding="gb18030", delimiter=";", header_line=2)
    form, header, rows = read(path, hints)
    assert (form, header, rows) == (
        "semicolon-separated GB18030, header in line 2 (1 row above it is not read)",
        ["d", "e,f"],
        [],
    )
    missing = refusal(path, TableHints(header_line=7))
    assert missing.startswith("file: found no row in line 7, expected the header there")


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([["Licences"], ["No", "Name", "Ends"], ["1", "A", "2027-01-01"]], 1),
        ([["No", "Name", "Ends"], ["No", "Name", "Phone"], ["1", "A", "2"]], 0),
        ([["No", "Name", "Valid"], ["No", "Name", "Ends"]], 1),
        ([["No", "Ends"], ["No: its number"], ["No", "Name", "Ends"]], 2),
        ([["No", "Name", "Ends"], ["1"], ["No", "Name", "Ends", "Phone"]], 0),
        ([["No", "Name", "Ends"], ["No", "Name", "Ends", "Phone"]], 1),
        ([["2026-11-29", "12"], ["Nr", "Bez"], ["4711", "2027-01-01"]], 1),
        ([["1234", "5678"]], 0),
    ],
    ids=[
        "title",
        "most columns",
        "a heading in two rows",
        "a legend",
        "two tables",
        "the same heading below",
        "unknown columns",
        "no heading at all",
    ],
)
def test_which_row_is_the_header(rows: list[list[str]], at: int) -> None:
    required = ["No", "Name", "Ends"]
    assert find_header(rows, [*required, "Phone"], required) == at


def test_a_heading_in_two_rows_is_found_by_its_merged_cells() -> None:
    rows = [["List"], ["No", "Valid", ""], ["No", "From", "To"], ["A", "x", "y"]]
    assert find_header(rows, ()) == 2


def test_of_two_tables_in_one_file_no_row_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    columns, later = ("No", "Name", "Ends"), ("No", "Name", "Ends", "Status")
    hints = TableHints(columns=later, required=columns)
    write(path, [columns, *ROWS, later, ["3", "Elm", "2027-05-01", "Open"]])
    form, _, rows = read(path, hints)
    assert form == "comma-separated UTF-8, header in line 1"
    assert [row.line for row in rows] == [2, 3, 4, 5]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_like_data_above_the_header_are_refused_or_left_out_by_name(
    kind: str, tmp_path: Path
) -> None:
    path = tmp_path / f"register.{kind}"
    rows = [["许可证登记表"], ["No", "Holder", "End"], ROWS[0], COLUMNS, ROWS[1]]
    if kind == "csv":
        write(path, rows)
    else:
        make_workbook(
            path,
            {
                f"{'ABC'[column]}{at}": cell
                for at, row in enumerate(rows, start=1)
                for column, cell in enumerate(row)
            },
        )
    assert refusal(path) == (
        "file: found a row like data in line 3, above the header in line 4, expected "
        "the header first, or header_line in the mapping to name it"
    )
    form, _, left = read(path, replace(HINTS, header_line=4))
    assert form.endswith(" 4 (3 rows above are not read)")
    assert [row.cells for row in left] == [ROWS[1]]


def test_a_separator_inside_cells_does_not_win() -> None:
    lines = ["a;b\n", "1,5;2,5\n", "3,5;4,5\n"]
    assert find_delimiter(lines, []) == ";"
    assert find_delimiter(["x|y,no,name\n"], ["no", "name"]) == ","


def test_a_quote_that_never_closes_costs_its_row_however_long_the_others_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "register.csv"
    long = [["3", "x" * 50_000, "2027-05-01"]] * 4  # more than a field of csv may have
    text = write(path, [COLUMNS, ["1", "QUOTE", "2027-03-01"], *long])
    path.write_text(text.replace("QUOTE", '"Elm'), "utf-8")
    form, _, rows = read(path)
    assert form == "comma-separated UTF-8, header in line 1"
    assert [row.line for row in rows if row.error] == [2]
    assert [row.cells for row in rows if not row.error] == long


def test_a_sheet_is_found_or_named(tmp_path: Path) -> None:
    cells = {"C4": "证号", "D4": "名称", "E4": "到期", "C6": 1, "E6": "x"}
    path = make_workbook(tmp_path / "register.csv", cells, "Read me")
    form, header, rows = read(path)
    assert form == 'XLSX, sheet "Permits" (of 2), header in row 4'
    assert header == [*COLUMNS]
    assert rows == [TableRow(6, ["1", "", "x"])]
    assert read(path, TableHints(sheet="Read me"))[1] == ["Exported yesterday"]
    assert refusal(path, TableHints(sheet="Old")) == (
        "file: found no sheet Old, expected one of Read me, Permits"
    )


@pytest.mark.parametrize("rows_above", [0, 2_000, 50_000])
def test_a_file_that_mixes_encodings_is_refused(
    rows_above: int, tmp_path: Path
) -> None:
    path = tmp_path / "register.csv"
    plain = b"No,Name,Ends\n" + b"1,Elm Garage,2027-03-01\n" * rows_above
    others = "2,Müller,2027-03-01\n".encode() + b"3,Caf\xe9,2027-03-01\n"
    path.write_bytes(plain + others)
    assert refusal(path) == (
        f"file: found bytes that are not utf-8 near line {rows_above + 3}, and utf-8 "
        "above it, expected one encoding, or the encoding that its mapping names, e.g. "
        'encoding = "gb18030"'
    )


def no_rows(path: Path) -> None:
    path.write_bytes(b"")


def many_columns(path: Path) -> None:
    path.write_text(",".join(f"c{at}" for at in range(10_000)) + "\n", "utf-8")


def huge_cell(path: Path) -> None:
    path.write_text(f"证号,名称,到期\n1,{'x' * 1_000_000},y\n", "utf-8")


def huge_cells_of_a_workbook(path: Path) -> None:
    make_workbook(path, {f"{one}2": "x" * 32_000 for one in "ABCDEFGHIJKLMNOP"})


def cut_workbook(path: Path) -> None:
    whole = make_workbook(path, {"A1": "证号"}).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def encrypted_workbook(path: Path) -> None:
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
    path.write_bytes(container + "EncryptedPackage".encode("utf-16-le"))


def other_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("register.csv", "证号\n")


def damaged_sheet(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")


def old_document(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (no_rows, "file: found nothing, expected a header and rows"),
        (many_columns, "header: found 10000 columns, expected at most 1000"),
        (huge_cell, "file: found a line of more than 500000 characters"),
        (huge_cells_of_a_workbook, "file: found more than 500000 characters in row 2"),
        (cut_workbook, "file: found a workbook that is cut off or damaged"),
        (encrypted_workbook, "file: found an encrypted workbook, expected one without"),
        (other_archive, "file: found a ZIP file that is no workbook"),
        (damaged_sheet, "file: found a workbook that is cut off or damaged"),
        (old_document, "file: found a workbook that is cut off or damaged"),
        (lambda path: path.write_bytes(b"%PDF-1.7"), "file: found a PDF document"),
        (lambda path: path.write_bytes(b" <table>"), "file: found a page of HTML"),
        (lambda path: path.write_bytes(bytes(9000)), "file: found a header with NUL"),
    ],
)
def test_a_file_that_is_no_register_is_one_line(
    make: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "register.csv"
    make(path)
    assert refusal(path).startswith(said)


@pytest.mark.parametrize("change", ["grow", "touch"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    kind: str, change: str, tmp_path: Path
) -> None:
    path = tmp_path / f"register.{kind}"
    if kind == "csv":
        write(path, [COLUMNS, *ROWS])
    else:
        make_workbook(path, {"A1": "证号", "B1": "名称", "A2": 1, "A3": 2})
    with open_table(path, HINTS) as table:
        assert [*islice(table.rows, 1)]
        if change == "grow":
            with path.open("ab") as file:
                file.write(b"\n")
        else:
            os.utime(path, ns=(0, 0))
        with pytest.raises(InvalidError, match="that it changed while it was read"):
            list(table.rows)
