"""Writes rejected rows into a workbook: the office's sheet, wrong cells marked."""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from unicodedata import east_asian_width

from service.adapters.files.header import REJECT_COLUMNS, REPAIR_COLUMN
from service.adapters.registers.register_file import RegisterFile
from service.domain.rejected_rows.reasons import ReasonGroup
from service.domain.untrusted.spreadsheet_formulas import guard_formula

LEADING: Final = (*REJECT_COLUMNS, REPAIR_COLUMN)
"""The first columns of the report; the register's own follow."""

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, by Excel's limit."""

_WORDS: Final = 55
"""Width of the columns for words, in characters; others are as wide as their cells."""

_LINE_HEIGHT: Final = 15
_MOST_LINES: Final = 12
"""Lines of a row, so that the next rows are in sight."""

_WIDEST: Final = 40
_NAME_BYTES: Final = 62
"""Length of a sheet's name in UTF-16, by Excel's limit of 31 units."""

_REASONS: Final = ("rows", "field", "column", "found", "expected", "repair")


@dataclass(frozen=True, slots=True)
class SheetFiles:
    """Where a workbook is written: in `part`, which will be `path`.

    Its rows wait in `folder`; XlsxWriter deletes them only with the workbook written.
    """

    path: Path
    part: Path
    folder: Path

    @property
    def temporary(self) -> Path:
        """The folder for temporary files."""
        return self.folder.parent


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row as the report shows it: its place, its cells, and which are wrong."""

    place: str
    reason: str
    repair: str
    cells: Sequence[str]
    wrong: Collection[int]


class RejectSheet:
    """Writes a workbook that is imported again by the mapping of its register.

    It has the register's titles and its header in their rows, and only the rejected
    rows below them. All cells are text, so that nothing runs as a formula, and what is
    typed over them stays as it is typed. Memory does not grow with the rows.
    """

    def __init__(self, files: SheetFiles, register: RegisterFile, name: str) -> None:
        # Imported here: it takes longer than an import that rejects nothing.
        self._book: Any = import_module("xlsxwriter").Workbook(
            str(files.part), {"constant_memory": True, "tmpdir": str(files.folder)}
        )
        self._book.use_zip64()
        self._name = _sheet_name(name)
        self._sheet: Any = self._book.add_worksheet(self._name)
        self._formats = {
            (wrong, guarded): self._book.add_format(
                {"num_format": "@", "valign": "top", "quote_prefix": guarded}
                | ({"bg_color": "#FFC7CE", "font_color": "#9C0006"} if wrong else {})
            )
            for wrong in (False, True)
            for guarded in (False, True)
        }
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._bold = self._book.add_format({"bold": True, "num_format": "@"})
        self._place_width = len(LEADING[0])
        self._header_row = max(register.form.header_line - 1, 0)
        for title in register.titles:
            self._write(title.line - 1, title.cells, self._formats[False, False])
        self._write(self._header_row, register.header, self._bold)
        for at, heading in enumerate(LEADING):
            self._sheet.write_string(self._header_row, at, heading, self._bold)
        self._widths = [_width(heading) for heading in register.header]
        self._next_row = self._header_row + 1

    def add(self, row: RejectedRow) -> None:
        """Write a row; beyond Excel's limit nothing is written. Raises `OSError`."""
        if self._next_row >= MOST_ROWS:
            return
        lines = max(-(-_width(text) // _WORDS) for text in (row.reason, row.repair))
        # LibreOffice does not make rows as high as their words by itself.
        self._sheet.set_row(self._next_row, min(lines, _MOST_LINES) * _LINE_HEIGHT)
        self._place_width = max(self._place_width, _width(row.place))
        for at, text in enumerate((row.place, row.reason, row.repair)):
            self._sheet.write_string(self._next_row, at, text, self._wrapped)
        for at, cell in enumerate(row.cells):
            style = self._formats[at in row.wrong, guard_formula(cell) != cell]
            self._sheet.write_string(self._next_row, len(LEADING) + at, cell, style)
            if at < len(self._widths):
                self._widths[at] = max(self._widths[at], _width(cell[:_WIDEST]))
        self._next_row += 1

    def close(self, groups: Sequence[ReasonGroup]) -> None:
        """Write the file, with the reasons in a sheet of their own.

        Raises `OSError` where the disk takes no more.
        """
        own = (min(one + 2, _WIDEST) for one in self._widths)
        widths = [self._place_width + 2, _WORDS, _WORDS, *own]
        for at, width in enumerate(widths):
            self._sheet.set_column(at, at, width)
        last = self._next_row - 1
        self._sheet.freeze_panes(self._header_row + 1, len(LEADING))
        self._sheet.autofilter(self._header_row, 0, last, len(widths) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS}"})
        self._add_reasons(groups)
        errors = import_module("xlsxwriter.exceptions")
        try:
            self._book.close()
        except errors.FileCreateError as error:
            raise error.args[0] from None  # the error of the disk

    def release(self) -> None:
        """Close its temporary files; without `close` before, there is no workbook."""
        for sheet in self._book.worksheets():
            with suppress(OSError):  # a full disk does not take what is left
                sheet.row_data_fh.close()

    def _write(self, row: int, cells: Sequence[str], style: object) -> None:
        for at, cell in enumerate(cells):
            if cell:
                self._sheet.write_string(row, len(LEADING) + at, cell, style)

    def _add_reasons(self, groups: Sequence[ReasonGroup]) -> None:
        taken = self._name.casefold() == "reasons"
        sheet = self._book.add_worksheet("Reasons (2)" if taken else "Reasons")
        sheet.set_column(1, 2, 20)
        sheet.set_column(3, len(_REASONS) - 1, _WIDEST)
        for at, heading in enumerate(_REASONS):
            sheet.write_string(0, at, heading, self._bold)
        for row, group in enumerate(groups, start=1):
            mistake = group.first.mistake
            found = f"{mistake.found}{' and others' if group.varies else ''}"
            columns = ", ".join(group.first.columns)
            texts = mistake.field, columns, found, mistake.expected
            sheet.write_number(row, 0, group.rows, self._wrapped)
            for at, text in enumerate((*texts, group.first.repair.advice), start=1):
                sheet.write_string(row, at, text, self._wrapped)


def _sheet_name(name: str) -> str:
    """A name as Excel allows it; one from a workbook of Excel stays as it is."""
    allowed = re.sub(r"[\[\]:*?/\\]", "_", name).strip("'")
    short = allowed.encode("utf-16-le")[:_NAME_BYTES].decode("utf-16-le", "ignore")
    return short or "Rejected"


def _width(text: str) -> int:
    """How wide a text is; a Chinese character is two columns wide."""
    if text.isascii():
        return len(text)
    return len(text) + sum(east_asian_width(one) in "WF" for one in text)
