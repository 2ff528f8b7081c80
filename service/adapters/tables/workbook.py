"""Opens a sheet of a workbook; a limited child process reads it.

A workbook of a few kilobytes can make the reader allocate all memory and abort its
process: one cell far from the others is enough. So a child process reads it, with
limits on memory and time, and its rows come through a pipe.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, BinaryIO, Final

import orjson

from service.adapters.tables.header_row import SAMPLE_ROWS, choose_header
from service.adapters.tables.kinds import Kind
from service.adapters.tables.table import (
    Table,
    TableForm,
    TableHints,
    TableRow,
    clean_header,
    refuse_file,
)

_CHILD: Final = "service.adapters.tables.workbook_child"

_ENDED: Final = {
    -signal.SIGABRT: "a workbook that needs too much memory",
    -signal.SIGXCPU: "a workbook that takes too long to read",
    -signal.SIGKILL: "a workbook that takes too long to read",
}
"""What a limit ends the child with: its allocator aborts, the kernel kills."""


@contextmanager
def open_workbook_table(
    file: BinaryIO, kind: Kind, hints: TableHints, where: str
) -> Iterator[Table]:
    """Open a sheet: the one named, else the first with the header, else a likely one.

    Raises `InvalidError` with the file's name `where`, here or while rows are read, if
    the workbook is encrypted, damaged or beyond the limits, or has no such sheet.
    """
    with read_sheet(file, hints, where) as (sheet, sheets, first, rows):
        sample = list(islice(rows, SAMPLE_ROWS))
        at = choose_header(sample, hints, where)
        form = TableForm(
            kind=kind,
            header_line=sample[at].line,
            above=at,
            sheet=sheet,
            sheets=sheets,
            first_column=first,
        )
        header = clean_header(sample[at].cells, where)
        yield Table(form, header, chain(sample[at + 1 :], rows), sample[:at])


@contextmanager
def read_sheet(
    file: BinaryIO, hints: TableHints, where: str
) -> Iterator[tuple[str, int, int, Iterator[TableRow]]]:
    """Give a sheet's name, one of how many, its first column, and its rows, once.

    Rows that are empty are left out.
    """
    file.seek(0)
    asked = orjson.dumps([hints.sheet, [*hints.columns], [*hints.required]]).decode()
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", _CHILD, asked],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            messages = _read_messages(child, where)
            sheet = next(messages)
            rows = _read_rows(messages, sheet["width"])
            yield sheet["name"], sheet["of"], sheet["first_column"], rows
        finally:
            child.kill()


def _read_messages(child: subprocess.Popen[bytes], where: str) -> Iterator[Any]:
    assert child.stdout is not None  # noqa: S101 - a pipe was asked for
    for line in child.stdout:
        message = orjson.loads(line)
        if isinstance(message, dict) and "found" in message:
            raise refuse_file(where, message["found"], message["expected"])
        yield message
    if child.wait():
        found = _ENDED.get(child.returncode, "a workbook that cannot be read")
        raise refuse_file(where, found, "a smaller one, or save it as CSV")


def _read_rows(messages: Iterator[Any], width: int) -> Iterator[TableRow]:
    for rows in messages:
        for number, *cells in rows:
            left_out = [""] * (width - len(cells))
            yield TableRow(number, cells + left_out)
