import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from service.adapters.registers.rejects import open_rejects_file
from service.adapters.sms_platform.format.file import format_from
from service.adapters.sms_platform.format.model import ResultsFormat
from service.adapters.sms_platform.results.file import ResultRow, read_results
from service.adapters.tables import kinds
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState
from service.domain.errors import InvalidError
from tests.adapters.sms_platform.samples import COLUMNS, ID

HEADER = ["流水号", "手机号", "结果", "代码"]
ROW = [ID.format(1), "2125550142", "成功", ""]


def results(**changed: object) -> ResultsFormat:
    known = {
        "id": "流水号",
        "status": "结果",
        "code": "代码",
        "encoding": "gb18030",
        "ignore": ["手机号"],
        "statuses": {"成功": "delivered", "失败": "failed", "1": "sent"},
        "codes": {"空号": "bad-number"},
    }
    file = {"folder": "out", "format": "csv", "columns": COLUMNS}
    document = {"file": file, "results": known | changed}
    found = format_from(document, "format.toml", Path()).results
    assert found
    return found


def csv_of(folder: Path, *rows: Sequence[str], encoding: str = "gb18030") -> Path:
    path = folder / "results.csv"
    path.write_text("".join(",".join(row) + "\r\n" for row in rows), encoding)
    return path


def xlsx_of(folder: Path, *rows: Sequence[object], first: int = 0) -> Path:
    path = folder / "results.XLSX"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for at, row in enumerate(rows, start=first):
            page.write_row(at, 0, row)
    return path


def read(path: Path, **changed: object) -> list[ResultRow]:
    return list(read_results(path, results(**changed), uses_our_ids=True))


def refusal(path: Path, **changed: object) -> str:
    with pytest.raises(InvalidError) as refused:
        read(path, **changed)
    return str(refused.value)


def test_a_row_is_a_receipt_without_its_phone(tmp_path: Path) -> None:
    failed = [ID.format(2), "2125550142", "失败", "空号"]
    one, two = read(csv_of(tmp_path, HEADER, ROW, failed))
    assert one.receipt
    assert two.receipt
    assert (one.line, one.receipt.state) == (2, MessageState.DELIVERED)
    assert (one.receipt.message_id, one.receipt.raw) == (ID.format(1), {"结果": "成功"})
    assert two.receipt.state is MessageState.FAILED
    assert (two.receipt.code, two.receipt.kind) == ("空号", RefusalKind.BAD_NUMBER)
    assert "5550142" not in repr([one.receipt, two.receipt])


def test_the_platform_s_ids_are_no_ids_of_ours(tmp_path: Path) -> None:
    path = csv_of(tmp_path, HEADER, ROW)
    [row] = read_results(path, results(), uses_our_ids=False)
    assert row.receipt
    assert row.receipt.message_id is None


def test_a_workbook_reads_like_a_csv_file(tmp_path: Path) -> None:
    numbers = [123456789012345, 2125550142, 1, ""]
    path = xlsx_of(tmp_path, HEADER, ROW, [], numbers, first=3)
    one, two = read(path)
    assert one.receipt
    assert two.receipt
    assert [one.line, two.line] == [5, 7]
    assert (one.receipt.provider_id, one.receipt.state) == (
        ID.format(1),
        MessageState.DELIVERED,
    )
    assert (two.receipt.provider_id, two.receipt.state) == (
        "123456789012345",
        MessageState.SENT,
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["", "", "成功", ""], "流水号: found nothing, expected an id"),
        (["9" * 65, "", "成功", ""], "流水号: found '999***"),
        (
            [ID.format(1), "", "3012125550142778", ""],
            "结果: found '301*********2778', expected one of",
        ),
        ([ID.format(1), "", "", ""], "结果: found nothing, expected a status"),
        (
            [ID.format(1), "", "在途", ""],
            "结果: found '在途', expected one of 成功, 失败, 1",
        ),
        ([ID.format(1), "", "失败", "X" * 17], "代码: found "),
        ([ID.format(1), "", "成功"], "row: found 3 cells, expected 4 cells, as in the"),
        ([ID.format(1), "", "成功", "", ""], "row: found 5 cells"),
        (['"', "", "成功", ""], "row: found unexpected end of data"),
    ],
)
def test_a_wrong_row_comes_back_with_its_reason(
    tmp_path: Path, row: list[str], reason: str
) -> None:
    bad, good = read(csv_of(tmp_path, HEADER, row, ROW))
    assert good.receipt
    assert bad.receipt is None
    assert bad.error
    assert bad.error.reason.startswith(reason)
    assert bad.raw["流水号"].startswith(row[0])


def test_a_corrected_rejects_file_reads_like_its_origin(tmp_path: Path) -> None:
    delimiter = {"delimiter": ";"}
    path = tmp_path / "results.csv"
    path.write_text("流水号;手机号;结果;代码\n1;+12125550142;在途;\n", "gb18030")
    [bad] = read(path, **delimiter)
    with open_rejects_file(tmp_path / "results.csv.rejects.csv") as rejects:
        rejects.add(bad.line, bad.raw, str(bad.error))
    back = tmp_path / "results.csv.rejects.csv"
    back.write_text(back.read_text("utf-8").replace(",在途,", ",成功,"), "utf-8")
    [good] = read(back, **delimiter)
    assert good.receipt
    assert good.raw["手机号"] == "+12125550142"


@pytest.mark.parametrize(
    ("rows", "mistake"),
    [
        ([], "file: found nothing, expected a header and rows"),
        ([["流水号", "结果"]], "代码: found no such column"),
        (
            [[*HEADER, "费用"]],
            "费用: found an unknown column, expected",
        ),
        ([[*HEADER, "结果"]], "结果: found 2 columns of that name"),
        ([[*HEADER, ""]], "header: found a column without a name"),
    ],
    ids=range(5),
)
def test_a_header_that_the_format_does_not_know_is_refused_whole(
    tmp_path: Path, rows: list[list[str]], mistake: str
) -> None:
    said = refusal(csv_of(tmp_path, *rows, ROW) if rows else csv_of(tmp_path))
    assert said.startswith(f"results.csv: {mistake}")


def test_another_encoding_is_refused_and_a_bom_means_utf_8(tmp_path: Path) -> None:
    path = csv_of(tmp_path, HEADER, ROW, encoding="gb18030")
    assert "bytes that are not utf-8" in refusal(path, encoding="utf-8")
    assert read(csv_of(tmp_path, HEADER, ROW, encoding="utf-8-sig"))[0].receipt


def test_a_workbook_that_needs_all_memory_is_refused_in_one_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write(0, 0, "流水号")
        page.write(1_048_575, 16_383, "far away")
    assert path.stat().st_size < 10_000
    assert "a workbook that needs too much memory" in refusal(path)


def test_a_workbook_that_unpacks_to_too_much_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "swollen.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 2_000_000)
    monkeypatch.setattr(kinds, "MOST_UNPACKED", 1_000_000)
    assert "found a workbook of 2000000 bytes" in refusal(path)


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", "file: found nothing"),
        (b"PK\x03\x04", "file: found a workbook that is cut off or damaged"),
        (b"<html>", "file: found a page of HTML or XML"),
    ],
)
def test_a_file_that_is_not_a_workbook_is_refused(
    tmp_path: Path, content: bytes, mistake: str
) -> None:
    path = tmp_path / "results.xlsx"
    path.write_bytes(content)
    assert refusal(path).startswith(f"results.xlsx: {mistake}")


def test_a_wrong_extension_is_read_as_what_it_is(tmp_path: Path) -> None:
    wrong = csv_of(tmp_path, HEADER, ROW).rename(tmp_path / "results.xlsx")
    assert [row.line for row in read(wrong)] == [2]


def test_an_empty_workbook_has_no_rows(tmp_path: Path) -> None:
    assert "found nothing, expected a header and rows" in refusal(xlsx_of(tmp_path))


def test_a_number_of_too_many_digits_is_not_an_id(tmp_path: Path) -> None:
    numbers = [1234567890123456789, 2125550142, 1, ""]
    [row] = read(xlsx_of(tmp_path, HEADER, numbers))
    assert row.raw["流水号"] == "1.234567890123457e+18"
