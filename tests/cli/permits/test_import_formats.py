from pathlib import Path

import xlsxwriter

from tests.cli.commands import CMA, COLUMNS, Run, cells, sql, write


def make_workbook(path: Path, *rows: tuple[object, ...]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Permits")
        sheet.merge_range("A1:E1", "Active permits")
        for at, row in enumerate([COLUMNS, *rows], start=1):
            sheet.write_row(at, 0, row)
    return path


def test_a_workbook_is_imported_and_its_rejects_name_sheet_and_row(
    run: Run, office: Path
) -> None:
    good = (CMA, 240000000001, "一号检测", "2024-06-28", 12125550101)
    bad = (CMA, "A-2", "二号检测", "#N/A", "+12125550102")
    register = make_workbook(office / "permits.xlsx", good, (), bad)
    rejects = office / "permits.xlsx.rejects.csv"
    answer = run("import", register)
    assert answer.code == 3
    form = 'XLSX, sheet "Permits", header in row 2 (1 row above it is not read)'
    assert answer.out.splitlines()[0] == f"read as {form}"
    (left,) = cells(rejects)
    assert (left["line"], left["holder"]) == ("Permits!D5", "二号检测")
    text = rejects.read_text("utf-8-sig").replace(",#N/A,", ",2024-06-28,")
    rejects.write_text(text, "utf-8-sig")
    assert run("import", rejects).imported == "1 registered\n"
    found = sql(office, "SELECT shown_number FROM permits ORDER BY shown_number")
    assert found == [("240000000001",), ("A-2",)]


def test_a_file_that_goes_wrong_far_down_leaves_the_register_untouched(
    run: Run, office: Path
) -> None:
    rows = [f"{CMA},A-{at},A,2024-06-28," for at in range(600)]
    register = write(office / "permits.csv", *rows, f"{CMA},B,{'x' * 600_000},,")
    assert run("import", register).refusal == (
        "permit-reminders: permits.csv: file: found a line of more than 500000"
        " characters, expected rows of a register, one a line"
    )
    assert sql(office, "SELECT count(*) FROM permits") == [(0,)]
    assert not list(office.glob("*.rejects.csv*"))
