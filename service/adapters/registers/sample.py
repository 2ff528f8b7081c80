"""A sample of a register: its header, its first rows, and some from further on."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Final

from service.adapters.files.header import count_reject_columns
from service.adapters.files.read import open_file
from service.adapters.tables.kinds import find_kind
from service.adapters.tables.table import TableRow
from service.adapters.tables.table_file import open_table
from service.domain.untrusted.spreadsheet_cells import unwrap_cell
from service.domain.untrusted.text import strip_blanks

HEAD_ROWS: Final = 1500
"""First rows of a sample."""

LATER_ROWS: Final = 600
"""Rows at even distances from the rest of a table, the very last ones among them."""

_LAST_ROWS: Final = 100
_MOST_CELLS: Final = 60_000
"""Cells of the first rows: a wide table gives fewer, so that it takes no longer."""

_LONGEST_CELL: Final = 200
"""Characters of a cell that are looked at."""

_HEAD_BYTES: Final = 1 << 20
_BLOCK_BYTES: Final = 1 << 16
_BLOCKS: Final = 4
"""Blocks of a long text after its head, at even distances; the last is its end."""

_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16."""


@dataclass(frozen=True, slots=True)
class RegisterSample:
    """Some rows of a register, each with as many cells as its header.

    `extent` says which rows they are, `form` how the file was read, `sheet` is the one
    of a workbook, and `titles` are the words above the header.
    """

    form: str
    header: list[str]
    rows: list[list[str]]
    extent: str
    sheet: str | None = None
    titles: tuple[str, ...] = ()


def read_sample(path: Path) -> RegisterSample:
    """Read a sample of a register; a text of any size takes as long as a small one.

    Of a text longer than some megabytes only the beginning and `_BLOCKS` blocks are
    read, of one in UTF-16 only the beginning. A row that has not as many cells as the
    header is left out. Raises `InvalidError` where the file is no table, `SetUpError`
    where it is no file.
    """
    with open_file(path) as file:
        size = file.seek(0, 2)
        is_short = size <= _HEAD_BYTES + _BLOCKS * _BLOCK_BYTES
        if is_short or find_kind(file, path.name) != "text":
            return _sample_of(path, path.name, is_whole=True)
        with NamedTemporaryFile() as part:
            for lines in _parts(file, size):
                part.write(lines)
            part.flush()
            return _sample_of(Path(part.name), path.name, is_whole=False)


def _parts(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The parts of a text that are read, each of whole lines."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if head.startswith(_WIDE_MARKS):
        text = head.decode("utf-16", "ignore")
        yield text[: text.rfind("\n") + 1].encode("utf-16")
        return
    yield head[: head.rfind(b"\n") + 1]
    rest = size - _HEAD_BYTES - _BLOCK_BYTES
    for block in range(1, _BLOCKS + 1):
        file.seek(_HEAD_BYTES + rest * block // _BLOCKS)
        lines = file.read(_BLOCK_BYTES)
        end = len(lines) if block == _BLOCKS else lines.rfind(b"\n") + 1
        yield lines[lines.find(b"\n") + 1 : end]


def _sample_of(path: Path, name: str, *, is_whole: bool) -> RegisterSample:
    with open_table(path, name=name) as table:
        skipped = count_reject_columns(table.header)
        header = table.header[skipped:]
        rows = _fitting((row.without_first(skipped) for row in table.rows), len(header))
        most = max(1, min(HEAD_ROWS, _MOST_CELLS // max(1, len(header))))
        head = [*islice(rows, most)]
        later = _spread(rows)
        form = table.form
        words = (strip_blanks(cell) for row in table.titles for cell in row.cells)
        titles = tuple(dict.fromkeys(filter(None, words)))
    extent = f"all {len(head)} rows"
    if later or not is_whole:
        extent = f"the first {len(head)} rows and {len(later)} of its middle and end"
    rows_read = [*head, *later]
    return RegisterSample(str(form), header, rows_read, extent, form.sheet, titles)


def _fitting(rows: Iterable[TableRow], width: int) -> Iterator[list[str]]:
    for row in rows:
        if not row.error and len(row.cells) >= width and not any(row.cells[width:]):
            yield [unwrap_cell(cell[:_LONGEST_CELL]) for cell in row.cells[:width]]


def _spread(rows: Iterable[list[str]]) -> list[list[str]]:
    """At most `LATER_ROWS` rows at even distances, and the last ones."""
    kept: list[list[str]] = []
    last: deque[list[str]] = deque(maxlen=_LAST_ROWS)
    distance = 1
    for place, row in enumerate(rows):
        if len(last) == _LAST_ROWS and (place - _LAST_ROWS) % distance == 0:
            kept.append(last[0])
        last.append(row)
        if len(kept) > LATER_ROWS - _LAST_ROWS:
            kept, distance = kept[::2], 2 * distance
    return [*kept, *last]
