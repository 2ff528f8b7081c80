"""Messages as a CSV file or an XLSX workbook, each cell as it was written."""

import csv
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from io import BytesIO, StringIO
from typing import Any, Final

from service.adapters.sms_platform.format.model import CsvStyle, FileFormat
from service.adapters.sms_platform.message_fields import (
    PlatformMessage,
    UnfitMessageError,
    render_fields,
)
from service.domain.delivery.outcome import RefusalKind
from service.domain.errors import SetUpError
from service.domain.untrusted.spreadsheet_formulas import guard_formula

_PHONE: Final = re.compile(r"\+[0-9]{5,15}")
"""A phone, which a spreadsheet takes for a number at worst."""


def message_row(file_format: FileFormat, message: PlatformMessage) -> list[str]:
    """The row of a message; raises `UnfitError` where a file cannot hold it unaltered.

    In a CSV file a quote before it would disarm a formula, and would be sent.
    """
    row = list(
        render_fields(file_format.columns, message, file_format.style, {}).values()
    )
    if file_format.csv is None:
        return row
    for cell in row:
        if guard_formula(cell) != cell and not _PHONE.fullmatch(cell):
            reason = "a spreadsheet would run it as a formula"
            raise UnfitMessageError(RefusalKind.BAD_CONTENT, "formula", reason)
    try:
        "".join(row).encode(file_format.csv.encoding)
    except UnicodeEncodeError:
        reason = f"it has characters that {file_format.csv.encoding} lacks"
        raise UnfitMessageError(RefusalKind.BAD_CONTENT, "encoding", reason) from None
    return row


def build_file(file_format: FileFormat, rows: Iterable[Sequence[str]]) -> bytes:
    """A whole file, its headings first."""
    table = [list(file_format.columns), *rows]
    return (
        _build_xlsx(table)
        if file_format.csv is None
        else _build_csv(table, file_format.csv)
    )


def require_xlsx_library(file_format: FileFormat) -> None:
    """Raise `SetUpError` now, and not when there is something to write."""
    if file_format.csv is None:
        _xlsxwriter()


def _build_csv(table: Iterable[Sequence[str]], style: CsvStyle) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(
        text, delimiter=style.delimiter, lineterminator=style.line_ending
    )
    writer.writerows(table)
    return text.getvalue().encode(style.encoding)


def _build_xlsx(table: Iterable[Sequence[str]]) -> bytes:
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
