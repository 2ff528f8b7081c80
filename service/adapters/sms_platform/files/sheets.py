"""Messages as a CSV file or an XLSX workbook, each cell as it was written."""

import csv
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from io import BytesIO, StringIO
from typing import Any, Final

from service.adapters.files.spreadsheet_formulas import guarded
from service.adapters.sms_platform.format.model import Csv, FileFormat
from service.adapters.sms_platform.message_fields import Slip, UnfitError, written
from service.domain.delivery.outcome import RefusalKind
from service.domain.errors import SetUpError

_NUMBER: Final = re.compile(r"\+[0-9]{5,15}")
"""A phone, which a spreadsheet takes for a number at worst."""


def cells(to: FileFormat, slip: Slip) -> list[str]:
    """The row of a message; raises `UnfitError` where a file cannot hold it unaltered.

    In a CSV file a quote before it would disarm a formula, and would be sent.
    """
    row = list(written(to.columns, slip, to.style, {}).values())
    if to.csv is None:
        return row
    for cell in row:
        if guarded(cell) != cell and not _NUMBER.fullmatch(cell):
            reason = "a spreadsheet would run it as a formula"
            raise UnfitError(RefusalKind.BAD_CONTENT, "formula", reason)
    try:
        "".join(row).encode(to.csv.encoding)
    except UnicodeEncodeError:
        reason = f"it has characters that {to.csv.encoding} lacks"
        raise UnfitError(RefusalKind.BAD_CONTENT, "encoding", reason) from None
    return row


def sheet(to: FileFormat, rows: Iterable[Sequence[str]]) -> bytes:
    """A whole file, its headings first."""
    table = [list(to.columns), *rows]
    return _xlsx(table) if to.csv is None else _csv(table, to.csv)


def refuse_without_library(to: FileFormat) -> None:
    """Raise `SetUpError` now, and not when there is something to write."""
    if to.csv is None:
        _xlsxwriter()


def _csv(table: Iterable[Sequence[str]], style: Csv) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(
        text, delimiter=style.delimiter, lineterminator=style.line_ending
    )
    writer.writerows(table)
    return text.getvalue().encode(style.encoding)


def _xlsx(table: Iterable[Sequence[str]]) -> bytes:
    """All cells are text: a number of eleven digits is nothing to calculate with."""
    content = BytesIO()
    book = _xlsxwriter().Workbook(content, {"in_memory": True})
    page = book.add_worksheet()
    for at, row in enumerate(table):
        for column, cell in enumerate(row):
            page.write_string(at, column, cell)
    book.close()
    return content.getvalue()


def _xlsxwriter() -> Any:  # noqa: ANN401 - a library without types
    try:
        return import_module("xlsxwriter")
    except ModuleNotFoundError:
        raise SetUpError(
            "xlsx: its library is not installed; run pip install 'permit-reminders"
            "[office]', or choose csv"
        ) from None
