"""Messages as a CSV file or an XLSX workbook; every cell is text."""

import csv
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from io import BytesIO, StringIO
from typing import Final

from service.adapters.sms_platform.format.model import CsvStyle, FileFormat
from service.adapters.sms_platform.message_fields import (
    PlatformMessage,
    UnfitMessageError,
    render_fields,
)
from service.domain.delivery.outcome import RefusalKind
from service.domain.untrusted.spreadsheet_formulas import guard_formula

_PHONE: Final = re.compile(r"\+[0-9]{5,15}")
"""A phone: the + makes it no dangerous formula, at worst a number."""


def message_row(file_format: FileFormat, message: PlatformMessage) -> list[str]:
    """Return a message's row; raises `UnfitMessageError` if it would be altered.

    A formula is refused in CSV: the quote that disarms it would be sent as text.
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
    """Return the bytes of a file with a header row."""
    table = [list(file_format.columns), *rows]
    return (
        _build_xlsx(table)
        if file_format.csv is None
        else _build_csv(table, file_format.csv)
    )


def _build_csv(table: Iterable[Sequence[str]], style: CsvStyle) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(
        text, delimiter=style.delimiter, lineterminator=style.line_ending
    )
    writer.writerows(table)
    return text.getvalue().encode(style.encoding)


def _build_xlsx(table: Iterable[Sequence[str]]) -> bytes:
    """Write all cells as text, so that a phone is not shown as a number."""
    content = BytesIO()
    # Imported here: it takes longer than a command that writes no workbook.
    book = import_module("xlsxwriter").Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(table):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell)
    book.close()
    return content.getvalue()
