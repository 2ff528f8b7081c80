"""Opens a table of text: CSV with any separator, or NDJSON."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import TextIOWrapper
from itertools import dropwhile, islice
from typing import BinaryIO, Final

from service.adapters.files.header import REJECT_COLUMNS
from service.adapters.tables.csv_rows import CsvRowReader
from service.adapters.tables.header_row import (
    SAMPLE_ROWS,
    choose_header,
    find_delimiter,
)
from service.adapters.tables.ndjson import is_ndjson, ndjson_table
from service.adapters.tables.table import (
    MOST_CHARACTERS,
    Table,
    TableForm,
    TableHints,
    clean_header,
    refuse_file,
)
from service.adapters.tables.text_encoding import find_encoding

_SAMPLE_LINES: Final = 4 * SAMPLE_ROWS
"""Lines of the sample: a row may go over several."""


@contextmanager
def open_text_table(file: BinaryIO, hints: TableHints, where: str) -> Iterator[Table]:
    """Open a table of text; a rejects file of ours is read as we wrote it.

    Raises `InvalidError` with the file's name `where` if its encoding is not found or
    not as named, or if it has no header.
    """
    encoding = find_encoding(file, hints, where)
    file.seek(0)
    text = TextIOWrapper(file, encoding, newline="")
    try:
        yield _read_table(text, hints, where)
    finally:
        text.detach()


def _read_table(text: TextIOWrapper, hints: TableHints, where: str) -> Table:
    sample = list(islice(_read_lines(text, where), _SAMPLE_LINES))
    if is_ndjson(sample):
        return ndjson_table(partial(_read_again, text, where), text.encoding, where)
    hints = _as_we_wrote_it(hints, text.encoding, sample)
    delimiter = hints.delimiter or find_delimiter(sample, hints.columns)
    rows = list(islice(CsvRowReader(sample, delimiter), SAMPLE_ROWS))
    above = choose_header(rows, hints, where)
    header = rows[above]
    reader = CsvRowReader(_read_again(text, where), delimiter)
    following = dropwhile(lambda row: row.line < header.line, reader)
    next(following)
    form = TableForm(
        kind="CSV",
        header_line=header.line,
        above=above,
        encoding=text.encoding,
        delimiter=delimiter,
    )
    return Table(form, clean_header(header.cells, where), following, rows[:above])


def _read_again(text: TextIOWrapper, where: str) -> Iterator[str]:
    text.seek(0)
    return _read_lines(text, where)


def _read_lines(text: TextIOWrapper, where: str) -> Iterator[str]:
    # An iteration would hold a line of any length.
    for line in iter(partial(text.readline, MOST_CHARACTERS + 1), ""):
        if len(line) > MOST_CHARACTERS:
            found = f"a line of more than {MOST_CHARACTERS} characters"
            raise refuse_file(where, found, "rows of a register, one a line")
        yield line


def _as_we_wrote_it(
    hints: TableHints, encoding: str, sample: Sequence[str]
) -> TableHints:
    """A rejects file has a mark, commas and its header in line 1, whatever is named."""
    ours = ",".join(REJECT_COLUMNS)
    if encoding == "utf-8-sig" and sample and sample[0].startswith(ours):
        return replace(hints, delimiter=",", header_line=1)
    return hints
