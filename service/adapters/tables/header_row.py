"""Which row of a table is its header, and what separates its cells: pure decisions."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import Final

from service.adapters.tables.csv_rows import CsvRowReader
from service.adapters.tables.table import TableHints, TableRow, refuse_file
from service.domain.errors import InvalidError
from service.domain.permits.permit_fields import REQUIRED
from service.domain.untrusted.text import strip_blanks

SAMPLE_ROWS: Final = 50
"""Rows of the beginning in which a header is looked for."""

DELIMITERS: Final = (",", ";", "\t", "|")

_YEAR_DIGITS: Final = 4


def choose_header(rows: Sequence[TableRow], hints: TableHints, where: str) -> int:
    """Return which of a file's first rows is the header, as `hints` say or as found.

    Raises `InvalidError` with the file's name where there is none.
    """
    if not rows:
        raise refuse_file(where, "nothing", "a header and rows")
    if hints.header_line is None:
        cells = [[] if row.error else row.cells for row in rows]
        at = find_header(cells, hints.columns, hints.required)
        _refuse_data_above(rows[: at + 1], hints.required, where)
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
    rows: Sequence[Sequence[str]],
    columns: Collection[str],
    required: Collection[str] = (),
) -> int:
    """Return which of the first rows is the header.

    It is the first row with all columns of `required`: a later one belongs to another
    table. Without such a row it is the one with most of `columns`, if it has half as
    many as are required; else the first one that is nearly as wide as the widest and
    has few figures: titles are narrow, and data has figures. A heading may go over two
    rows, with merged cells: the last of rows that fit no worse, one below the other,
    has all its parts; without columns, the last that repeats a cell of the row above.
    """
    fits = [_count_known(row, columns) for row in rows]
    best = max(fits, default=0)
    if best >= _fewest_known(required):
        ranks = [
            (_is_complete(row, required), fit)
            for row, fit in zip(rows, fits, strict=True)
        ]
        complete = (at for at, (is_complete, _) in enumerate(ranks) if is_complete)
        at = next(complete, fits.index(best))
        while at + 1 < len(rows) and ranks[at + 1] >= ranks[at]:
            at += 1
        return at
    widths = [_count_filled(row) for row in rows]
    for at, row in enumerate(rows):
        is_wide = _is_nearly(widths[at], max(widths))
        if is_wide and 4 * sum(map(_is_figure, row)) < widths[at]:
            return _last_merged_row(rows, at)
    return 0


def _refuse_data_above(
    rows: Sequence[TableRow], required: Collection[str], where: str
) -> None:
    """Refuse a table whose header, the last row, has rows like data above it."""
    *above, header = rows
    if not _is_complete(header.cells, required):
        return  # what its header lacks is the clearer mistake
    width = _count_filled(header.cells)
    for row in above:
        is_heading = _count_known(row.cells, required) >= _fewest_known(required)
        is_wide = _is_nearly(_count_filled(row.cells), width)
        # Headings in another language have no digits; a number or a day has.
        if is_wide and not is_heading and any(map(str.isdecimal, "".join(row.cells))):
            found = (
                f"a row like data in line {row.line}, above the header in line "
                f"{header.line}"
            )
            expected = "the header first, or header_line in the mapping to name it"
            raise refuse_file(where, found, expected)


def has_header(
    rows: Iterable[Sequence[str]], columns: Collection[str], required: Collection[str]
) -> bool:
    """Whether one of the rows has as many columns as half of those required."""
    fewest = _fewest_known(required)
    return any(_count_known(row, columns) >= fewest for row in rows)


def count_rows_below_header(
    sample: Sequence[Sequence[str]], later: Iterable[Sequence[str]]
) -> int:
    """Return how many rows of a table are a register's, by their cells alone.

    They are nearly as wide as the header above them, and that has a cell for each
    field that a permit must have; `later` are the rows after those of the sample.
    """
    at = find_header(sample, ())
    width = _count_filled(sample[at])
    if width < len(REQUIRED) - 1:  # a constant may state the rule
        return 0
    rows = chain(sample[at + 1 :], later)
    return sum(_is_nearly(_count_filled(row), width) for row in rows)


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


def _fewest_known(required: Collection[str]) -> int:
    """How many known columns a header has at least, even one that lacks some."""
    return max(1, (len(required) + 1) // 2)


def _is_complete(row: Iterable[str], required: Collection[str]) -> bool:
    """Whether a row has all required columns, where these are known."""
    return bool(required) and {*required} <= {strip_blanks(cell) for cell in row}


def _is_nearly(width: int, other: int) -> bool:
    return width * 3 > other * 2


def _count_filled(row: Iterable[str]) -> int:
    return sum(map(bool, map(strip_blanks, row)))


def _last_merged_row(rows: Sequence[Sequence[str]], at: int) -> int:
    """Return the last row of a heading; a cell that is merged over two stands in both.

    `at` is its first row.
    """
    for upper, lower in pairwise(rows[at:]):
        cells = zip(upper, lower, strict=False)
        if not any(strip_blanks(one) and one == other for one, other in cells):
            break
        at += 1
    return at


def _is_figure(cell: str) -> bool:
    """Whether a cell is a number, a date or a phone: no heading has so many digits."""
    digits = sum(map(str.isdecimal, cell))
    return digits >= _YEAR_DIGITS and digits * 2 >= len(cell)
