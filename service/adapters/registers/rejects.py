"""Writes refused rows to a CSV file, each with its line and reason."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from service.adapters.files.header import REJECT_COLUMNS
from service.adapters.files.read import refuse_endless
from service.adapters.registers.register_row import EXTRA_CELLS
from service.domain.errors import SetUpError
from service.domain.untrusted.spreadsheet_formulas import guard_formula


class CsvRejectWriter:
    """Writes refused rows: `line`, `reason`, then the row's own columns.

    A line of a workbook's `sheet` is written as spreadsheets do: Permits!7.
    """

    def __init__(self, file: TextIO, sheet: str | None = None) -> None:
        self.count = 0
        self._sheet = "" if sheet is None else f"{sheet}!"
        self._writer = csv.writer(file)

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Write one row; cells beyond its header go into one last cell."""
        columns = [name for name in raw if name != EXTRA_CELLS]
        if not self.count:
            self._write([*REJECT_COLUMNS, *columns])
        extra = [raw[EXTRA_CELLS]] if EXTRA_CELLS in raw else []
        self._write(
            [f"{self._sheet}{line}", reason, *map(raw.__getitem__, columns), *extra]
        )
        self.count += 1

    def _write(self, cells: Iterable[str]) -> None:
        self._writer.writerow(map(guard_formula, cells))


@contextmanager
def open_rejects_file(
    path: Path, sheet: str | None = None
) -> Iterator[CsvRejectWriter]:
    """Open a rejects file that appears complete at exit, and only if a row was added.

    `sheet` is the one that the rows are from, where that is a workbook's. Only its
    owner can read it, since the rows hold phones. It replaces the file of an earlier
    import. Raises `SetUpError` at once where it could not be written.
    """
    part = _create_part_file(path)
    try:
        # Excel recognises UTF-8 in a CSV file only by its BOM.
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            rejects = CsvRejectWriter(file, sheet)
            yield rejects
        if rejects.count:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _create_part_file(path: Path) -> Path:
    try:
        if path.exists():
            refuse_endless(path)
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            return Path(file.name)
    except OSError as error:
        reason = (
            f"{path}: {error.strerror}; rejected rows are written there: choose a "
            "folder that can be written to, and move away what is no file"
        )
        raise SetUpError(reason) from error
