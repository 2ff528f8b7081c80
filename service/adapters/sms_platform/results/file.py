"""Reads a platform's file of results, CSV or XLSX, row by row."""

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from service.adapters.files.header import (
    REJECT_COLUMNS,
    count_reject_columns,
    header_mistakes,
)
from service.adapters.files.read import open_file, read_file
from service.adapters.sms_platform.format.model import ResultsFormat
from service.adapters.sms_platform.results.receipt import receipt_of
from service.adapters.tables.csv_rows import CsvRowReader
from service.adapters.tables.kinds import find_kind
from service.adapters.tables.table import TableHints, TableRow
from service.adapters.tables.workbook import read_sheet
from service.domain.delivery.outcome import Receipt
from service.domain.errors import InvalidError, Mistake
from service.domain.untrusted.spreadsheet_formulas import unguard_formula
from service.domain.untrusted.text import show_private, strip_blanks


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A row with its line number: a receipt, or an error with all its mistakes."""

    line: int
    raw: dict[str, str]
    receipt: Receipt | None
    error: InvalidError | None


def read_results(
    path: Path, results: ResultsFormat, *, uses_our_ids: bool
) -> Iterator[ResultRow]:
    """Yield the rows of a file of results, or of a corrected rejects file.

    Raises `InvalidError` with the file's name, before the first row, if the file is
    unreadable, empty, or has columns that the format does not name.
    """
    with open_file(path) as file:
        is_text = find_kind(file, path.name) == "text"
    records = _csv_records(path, results) if is_text else _workbook_records(path)
    first = next(records, None)
    if first is None:
        raise InvalidError(path.name, [Mistake("file", "nothing", "a header and rows")])
    header = [strip_blanks(cell) for cell in first.cells]
    skipped = count_reject_columns(header)
    header = header[skipped:]
    if mistakes := list(_header_mistakes(header, results)):
        raise InvalidError(path.name, mistakes)
    for record in records:
        yield _read_row(
            record.without_first(skipped), header, results, our_ids=uses_our_ids
        )


def _workbook_records(path: Path) -> Iterator[TableRow]:
    with (
        open_file(path) as file,
        read_sheet(file, TableHints(), path.name) as (_, _, _, rows),
    ):
        yield from rows


def _csv_records(path: Path, results: ResultsFormat) -> Iterator[TableRow]:
    """Read CSV records; a file with a BOM is UTF-8, and a rejects file has commas."""
    content = read_file(path)
    has_bom = content.startswith(codecs.BOM_UTF8)
    encoding = "utf-8-sig" if has_bom else results.csv.encoding
    try:
        text = content.decode(encoding)
    except UnicodeError:
        mistake = Mistake("file", f"bytes that are not {encoding}", "its encoding")
        raise InvalidError(path.name, [mistake]) from None
    rejects = has_bom and text.startswith(",".join(REJECT_COLUMNS))
    return CsvRowReader(StringIO(text), "," if rejects else results.csv.delimiter)


def _header_mistakes(
    header: Sequence[str], results: ResultsFormat
) -> Iterator[Mistake]:
    named = [one for one in (results.id, results.status, results.code) if one]
    return header_mistakes(
        header,
        known={*named, *results.ignore},
        required=named,
        expected=f"one of {', '.join(named)}; or [results] to ignore it",
    )


def _read_row(
    record: TableRow, header: Sequence[str], results: ResultsFormat, *, our_ids: bool
) -> ResultRow:
    cells = [unguard_formula(cell) for cell in record.cells]
    raw = dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))
    try:
        _refuse_misshapen(record, header)
        receipt = receipt_of(results, raw, "row", uses_our_ids=our_ids)
        _refuse_unknown(receipt, raw, results)
    except InvalidError as error:
        return ResultRow(record.line, raw, None, error)
    return ResultRow(record.line, raw, receipt, None)


def _refuse_misshapen(record: TableRow, header: Sequence[str]) -> None:
    if record.error:
        raise InvalidError("row", [record.error])
    if len(record.cells) != len(header):
        found, expected = f"{len(record.cells)} cells", f"{len(header)} cells"
        mistake = Mistake("row", found, f"{expected}, as in the header")
        raise InvalidError("row", [mistake])


def _refuse_unknown(
    receipt: Receipt, raw: Mapping[str, str], results: ResultsFormat
) -> None:
    if receipt.state is None:
        found, expected = show_private(raw[results.status]), ", ".join(results.statuses)
        mistake = Mistake(results.status, found, f"one of {expected}")
        raise InvalidError("row", [mistake])
