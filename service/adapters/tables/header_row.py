"""Which row of a table is its header, and what separates its cells: pure decisions."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from service.adapters.tables.csv_rows import CsvRowReader
from service.adapters.tables.table import TableHints, TableRow, refuse_file
from service.domain.errors import InvalidError
from service.domain.untrusted.text import strip_blanks

SAMPLE_ROWS: Final = 50
"""Rows of the beginning in which a header is looked for."""

DELIMITERS: Final = (",", ";", "\t", "|")

_YEAR_DIGITS: Final = 4


def header_index(rows: Sequence[TableRow], hints: TableHints, where: str) -> int:
    """Return which of a file's first rows is the header, as `hints` say or as found.

    Raises `InvalidError` with the file's name where there is none.
    """
    if not rows:
        raise refuse_file(where, "nothing", "a header and rows")
    if hints.header_line is None:
        cells = [[] if row.error else row.cells for row in rows]
        at = find_header(cells, hints.columns, hints.least)
    else:
        lines = [row.line for row in rows]
        if hints.header_line not in lines:
            found = f"no row in line {hints.header_line}"
            raise refuse_file(where, found, "the header there, as header_line says")
        at = lines.index(hints.header_line)
    if error := rows[at].error:
        raise InvalidError(where, [replace(error, field="header")])
    return at


def find_header(
    rows: Sequence[Sequence[str]], columns: Collection[str], least: int = 1
) -> int:
    """Return which of the first rows is the header.

    It is the row with most of `columns`, if it has at least `least` of them; else the
    first one that is nearly as wide as the widest and has few figures: titles are
    narrow, and data has figures. A heading may go over two rows, with merged cells: the
    last of rows that fit equally, one below the other, has all its parts.
    """
    fits = [_count_known(row, columns) for row in rows]
    best = max(fits, default=0)
    if best >= least:
        at = fits.index(best)
        while fits[at + 1 : at + 2] == [best]:
            at += 1
        return at
    widths = [_count_filled(row) for row in rows]
    for at, row in enumerate(rows):
        is_wide = widths[at] * 3 > max(widths) * 2
        if is_wide and 4 * sum(map(_is_figure, row)) < widths[at]:
            return at
    return 0


def has_header(
    rows: Iterable[Sequence[str]], columns: Collection[str], least: int
) -> bool:
    """Whether one of the rows has at least `least` of the columns."""
    return any(_count_known(row, columns) >= least for row in rows)


def find_delimiter(lines: Sequence[str], columns: Collection[str]) -> str:
    """Return what separates the cells of the first lines.

    It is the separator that makes most of `columns` appear in one row; then the one
    that most rows have equally often, and more of it rather than less.
    """
    return max(DELIMITERS, key=lambda one: _rate_delimiter(lines, one, columns))


def _rate_delimiter(
    lines: Iterable[str], delimiter: str, columns: Collection[str]
) -> tuple[int, int, int]:
    rows = [row.cells for row in CsvRowReader(lines, delimiter) if not row.error]
    known = max((_count_known(row, columns) for row in rows), default=0)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width, times = max(widths.items(), key=lambda one: one[::-1], default=(0, 0))
    return known, times, width


def _count_known(row: Iterable[str], columns: Collection[str]) -> int:
    return len({strip_blanks(cell) for cell in row}.intersection(columns))


def _count_filled(row: Iterable[str]) -> int:
    return sum(map(bool, map(strip_blanks, row)))


def _is_figure(cell: str) -> bool:
    """Whether a cell is a number, a date or a phone: no heading has so many digits."""
    digits = sum(map(str.isdecimal, cell))
    return digits >= _YEAR_DIGITS and digits * 2 >= len(cell)
