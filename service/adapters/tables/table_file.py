"""Opens a file as a table, whatever its kind: the content decides, not its name."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from service.adapters.files.read import open_file
from service.adapters.tables.kinds import find_kind
from service.adapters.tables.table import Table, TableHints, TableRow, refuse_file
from service.adapters.tables.text_table import open_text_table
from service.adapters.tables.workbook import open_workbook_table


@contextmanager
def open_table(
    path: Path, hints: TableHints | None = None, *, name: str | None = None
) -> Iterator[Table]:
    """Open a file as a table: CSV, NDJSON or a workbook.

    Raises `InvalidError` with the file's `name` if it is none, here or while its rows
    are read, also where it changes meanwhile; and `SetUpError` where it is no file.
    """
    where = name or path.name
    with open_file(path) as file:
        opened = os.fstat(file.fileno())
        with _open_kind(file, hints or TableHints(), where) as table:
            yield replace(table, rows=_refuse_change(table.rows, file, opened, where))


def _open_kind(
    file: BinaryIO, hints: TableHints, where: str
) -> AbstractContextManager[Table]:
    kind = find_kind(file, where)
    if kind == "text":
        return open_text_table(file, hints, where)
    return open_workbook_table(file, kind, hints, where)


def _refuse_change(
    rows: Iterator[TableRow], file: BinaryIO, opened: os.stat_result, where: str
) -> Iterator[TableRow]:
    """Yield the rows; at their end, refuse a file that is not what it was."""
    yield from rows
    now = os.fstat(file.fileno())
    if (now.st_size, now.st_mtime_ns) != (opened.st_size, opened.st_mtime_ns):
        expected = "a finished export; import it again when it is"
        raise refuse_file(where, "that it changed while it was read", expected)
