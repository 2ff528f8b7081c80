from pathlib import Path

import pytest
import xlsxwriter

from service.adapters.registers.sample import HEAD_ROWS, LATER_ROWS, read_sample
from service.domain.errors import InvalidError

HEADER = "Licence No,Licensee,Note"
LONG = [f"L-{at:06},Elm Garage,{'x' * 60}" for at in range(40_000)]


def write(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_text("".join(f"{row}\n" for row in (HEADER, *rows)), encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_of_a_long_text_the_head_the_middle_and_the_end_are_read(
    tmp_path: Path, encoding: str
) -> None:
    path = write(tmp_path / "long.csv", *LONG, encoding=encoding)
    sample = read_sample(path)
    numbers = [row[0] for row in sample.rows]
    assert numbers == sorted(numbers)
    assert numbers[:HEAD_ROWS] == [row[:8] for row in LONG[:HEAD_ROWS]]
    assert 100 < len(numbers) - HEAD_ROWS <= LATER_ROWS
    assert numbers[-1] == "L-039999"
    assert any("L-020000" < number < "L-030000" for number in numbers)
    assert {len(row) for row in sample.rows} == {3}
    assert sample.extent.startswith(f"the first {HEAD_ROWS} rows and ")


def test_of_a_long_text_in_utf_16_the_head_is_read(tmp_path: Path) -> None:
    sample = read_sample(write(tmp_path / "long.csv", *LONG, encoding="utf-16"))
    assert sample.form == "comma-separated UTF-16, header in line 1"
    assert [row[0] for row in sample.rows[:2]] == ["L-000000", "L-000001"]


def test_a_short_text_is_read_whole_but_for_misshapen_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "short.csv", 'A-1,"Elm, LLC",', "A-2,Oak", "A-3,Ash,x,y")
    sample = read_sample(path)
    assert sample.rows == [["A-1", "Elm, LLC", ""]]
    assert sample.extent == "all 1 rows"


def test_cells_are_without_what_a_spreadsheet_put_around_them_and_cut(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "cells.csv", f"'00123, Elm ,{'x' * 100_000}")
    ((number, holder, note),) = read_sample(path).rows
    assert (number, holder, len(note)) == ("00123", "Elm", 200)


def test_of_several_sheets_the_one_most_like_a_register_is_taken(
    tmp_path: Path,
) -> None:
    path = tmp_path / "register.xlsx"
    header = HEADER.split(",")
    sheets: dict[str, list[list[str]]] = {
        "Read me": [["Exported by the city"], *([f"Note {at}"] for at in range(9))],
        "Summary": [["Month", "Permits", "Fees"], ["May", "4", "120"]],
        "Licences": [header, *(row.split(",") for row in LONG[:5])],
        "Codes": [["Code", "Meaning"], *([f"C{at}", "x"] for at in range(9))],
    }
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    sample = read_sample(path)
    assert sample.form == 'XLSX, sheet "Licences" (of 4), header in row 1'
    assert (sample.header, len(sample.rows)) == (header, 5)


def test_the_columns_of_a_rejects_file_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "register.csv.rejects.csv"
    path.write_text(f"line,reason,{HEADER}\n2,wrong,A-1,Elm,\n", "utf-8-sig")
    sample = read_sample(path)
    assert (sample.header, sample.rows) == (HEADER.split(","), [["A-1", "Elm", ""]])


def test_an_empty_file_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    with pytest.raises(InvalidError, match=r"empty\.csv"):
        read_sample(path)
