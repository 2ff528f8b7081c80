"""A sample of a register: its header, its first rows, and some from further on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Final

from service.adapters.files.read import open_file
from service.adapters.tables.table import TableRow
from service.adapters.tables.table_file import open_table
from service.domain.untrusted.text import strip_blanks

HEAD_ROWS: Final = 1500
"""First rows of a sample."""

BLOCKS: Final = 4
"""Blocks of rows from the rest of a file, at even distances; the last is its end."""

BLOCK_ROWS: Final = 150
"""Rows of a block."""

_MOST_CELLS: Final = 60_000
"""Cells of a sample: wider tables give fewer rows, so that it takes no longer."""

_HEAD_BYTES: Final = 1 << 20
_BLOCK_BYTES: Final = 1 << 16
_WHOLE_BYTES: Final = _HEAD_BYTES + BLOCKS * _BLOCK_BYTES
_WORKBOOKS: Final = (b"PK", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True, slots=True)
class RegisterSample:
    """Some rows of a register, each with as many cells as its header.

    `extent` says which rows they are, `form` how the file was read.
    """

    form: str
    header: list[str]
    rows: list[list[str]]
    extent: str


def read_sample(path: Path) -> RegisterSample:
    """Read a sample of a register; a text of any size takes as long as a small one.

    Of a text longer than some megabytes only the beginning and `BLOCKS` blocks are
    read. A row that has not as many cells as the header is left out. Raises
    `InvalidError` where the file has no header, `SetUpError` where it is no file.
    """
    with open_file(path) as file:
        size = file.seek(0, 2)
        if size <= _WHOLE_BYTES or _is_workbook(file):
            return _sample_of(path, path.name, is_whole=True)
        with NamedTemporaryFile(suffix=path.suffix) as part:
            for start, length in _places(size):
                part.write(_whole_lines(file, start, length))
            part.flush()
            return _sample_of(Path(part.name), path.name, is_whole=False)


def _is_workbook(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4).startswith(_WORKBOOKS)


def _places(size: int) -> Iterator[tuple[int, int]]:
    yield 0, _HEAD_BYTES
    last = size - _BLOCK_BYTES
    for block in range(1, BLOCKS + 1):
        yield _HEAD_BYTES + (last - _HEAD_BYTES) * block // BLOCKS, _BLOCK_BYTES


def _whole_lines(file: BinaryIO, start: int, length: int) -> bytes:
    """Some bytes of a file without the lines that are cut at either end."""
    file.seek(start)
    content = file.read(length)
    first = content.find(b"\n") + 1 if start else 0
    is_end = not file.read(1)
    return content[first:] if is_end else content[first : content.rfind(b"\n") + 1]


def _sample_of(path: Path, name: str, *, is_whole: bool) -> RegisterSample:
    form, header, all_rows = _read_table(path, name)
    rows = [*all_rows]
    head = max(1, min(HEAD_ROWS, _MOST_CELLS // max(1, len(header))))
    picked = _pick(rows, head)
    if len(picked) == len(rows) and is_whole:
        extent = f"all {len(rows)} rows"
    else:
        blocks = f"{len(picked) - min(head, len(picked))} from its middle and end"
        extent = f"the first {min(head, len(picked))} rows and {blocks}"
    return RegisterSample(form, header, picked, extent)


def _pick(rows: Sequence[list[str]], head: int) -> list[list[str]]:
    """The first rows, and `BLOCKS` blocks of the rest at even distances."""
    picked, rest = list(rows[:head]), rows[head:]
    block = min(BLOCK_ROWS, max(1, head // BLOCKS))
    if len(rest) <= BLOCKS * block:
        return [*picked, *rest]
    for number in range(1, BLOCKS + 1):
        end = len(rest) * number // BLOCKS
        picked += rest[end - block : end]
    return picked


def _read_table(path: Path, name: str) -> tuple[str, list[str], Iterable[list[str]]]:
    with open_table(path, name=name) as table:
        rows = [*_fitting(table.rows, len(table.header))]
        return str(table.form), table.header, rows


def _fitting(rows: Iterable[TableRow], width: int) -> Iterator[list[str]]:
    for row in rows:
        if not row.error and not any(row.cells[width:]):
            cells = [strip_blanks(cell) for cell in row.cells[:width]]
            if len(cells) == width:
                yield cells
