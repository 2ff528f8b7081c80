"""Reads a sheet of the workbook at stdin, under limits, and writes rows to stdout.

One JSON text a line: `{"name": …, "of": …, "width": …}` of the sheet, then lists of
rows, each a list of its number and its cells as text, but for the empty ones at its
end; or `{"found": …, "expected": …}` where the workbook is refused.
"""

import resource
import sys
import zipfile
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Final

import orjson
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from service.adapters.tables.error_cells import ErrorsByRow, find_error_cells
from service.adapters.tables.header_row import (
    SAMPLE_ROWS,
    count_rows_below_header,
    has_header,
)
from service.adapters.tables.table import MOST_CHARACTERS, number_text
from service.domain.untrusted.text import safe_label

_Range = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last cell of a range, each as (row, column) from 0."""

_MEMORY_LIMIT: Final = 2 * 1024 * 1024 * 1024
_CPU_LIMIT: Final = 60
_MESSAGE_CHARACTERS: Final = 200_000
"""Characters after which rows are passed on: the reader holds one message."""


class _RefusedError(Exception):
    """What was found instead of a sheet that can be read, and what is expected."""


def main(argument: str) -> None:
    """Write the sheet that `argument` asks for: [its name, columns, required]."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_LIMIT, _CPU_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with CalamineWorkbook.from_filelike(sys.stdin.buffer) as book:
            _write_sheet(book, *orjson.loads(argument))
    except PasswordError:
        _write({"found": "an encrypted workbook", "expected": "one without a password"})
    except _RefusedError as error:
        _write(dict(zip(("found", "expected"), error.args, strict=True)))
    except (CalamineError, zipfile.BadZipFile, ValueError, OSError):
        found = "a workbook that is cut off or damaged"
        _write({"found": found, "expected": "it whole: copy or export it again"})


def _write_sheet(
    book: CalamineWorkbook,
    name: str | None,
    columns: Collection[str],
    required: Collection[str],
) -> None:
    sheet = _named_sheet(book, name) if name else _find_sheet(book, columns, required)
    form = {"name": sheet.name, "of": len(book.sheet_names), "width": sheet.width}
    _write(form | {"first_column": _first_column(sheet)})
    errors = find_error_cells(sys.stdin.buffer, sheet.name)
    chunk: list[list[object]] = []
    characters = 0
    for number, cells in enumerate(_read_texts(sheet, errors), start=1):
        length = sum(map(len, cells))
        if not length:
            continue
        if length > MOST_CHARACTERS:
            found = f"more than {MOST_CHARACTERS} characters in row {number}"
            raise _RefusedError(found, "rows of a register")
        chunk.append([number, *cells])
        characters += length
        if characters > _MESSAGE_CHARACTERS:
            _write(chunk)
            chunk, characters = [], 0
    _write(chunk)


def _visible_sheets(book: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet
        and sheet.visible == SheetVisibleEnum.Visible
    ]


def _named_sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    if name not in book.sheet_names:
        known = ", ".join(map(safe_label, book.sheet_names))
        raise _RefusedError(f"no sheet {safe_label(name)}", f"one of {known}")
    return book.get_sheet_by_name(name)


def _find_sheet(
    book: CalamineWorkbook, columns: Collection[str], required: Collection[str]
) -> CalamineSheet:
    """Return the first sheet with the header; else the one most like a register."""
    best, most = None, -1
    for name in _visible_sheets(book):
        sheet = book.get_sheet_by_name(name)
        if sheet.start is None:
            continue
        texts = _read_texts(sheet, {})
        sample = [*islice(texts, SAMPLE_ROWS)]
        if has_header(sample, columns, required):
            return sheet
        rows = count_rows_below_header(sample, texts)
        if rows > most:
            best, most = sheet, rows
    if best is None:
        raise _RefusedError("nothing", "a header and rows")
    return best


def _first_column(sheet: CalamineSheet) -> int:
    return sheet.start[1] if sheet.start else 0


def _read_texts(sheet: CalamineSheet, errors: ErrorsByRow) -> Iterator[list[str]]:
    """Yield all rows from the first one on, without the empty cells at their ends."""
    first_column = _first_column(sheet)
    merged = _MergedCells(sheet.merged_cell_ranges or (), first_column)
    for at, row in enumerate(sheet.iter_rows()):
        cells = [_text(cell) for cell in row]
        for column, error in errors.get(at, ()):
            place = column - first_column
            cells += [""] * (place + 1 - len(cells))
            cells[place] = error
        merged.fill(at, cells)
        while cells and not cells[-1]:
            cells.pop()
        yield cells


class _MergedCells:
    """Gives the value of cells merged over several rows to each of these rows.

    Cells merged over several columns are titles, and stay one cell.
    """

    def __init__(self, ranges: Iterable[_Range], first_column: int) -> None:
        tall = [one for one in ranges if one[1][0] > one[0][0]]
        self._later = deque(sorted(tall))
        self._first_column = first_column
        self._open: list[tuple[int, int, str]] = []

    def fill(self, at: int, cells: list[str]) -> None:
        """Fill the row with the number `at`, from 0; rows come in their order."""
        for _, column, value in self._open:
            cells[column] = cells[column] or value
        self._open = [one for one in self._open if one[0] > at]
        while self._later and self._later[0][0][0] <= at:
            (_, column), (last, _) = self._later.popleft()
            column -= self._first_column
            if 0 <= column < len(cells):
                self._open.append((last, column, cells[column]))


def _text(value: object) -> str:
    """Return a cell as text: dates in ISO form, without a time at midnight."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, date):
        return value.isoformat().removesuffix("T00:00:00")
    return number_text(value)


def _write(message: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(message) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
