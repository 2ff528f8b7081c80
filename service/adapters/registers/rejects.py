"""The rows that were refused, handed back as a CSV file with line and reason."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from service.adapters.registers.csv_file import EXTRA_CELLS, REJECT_COLUMNS
from service.domain.errors import SetUpError
from service.domain.untrusted.spreadsheet_formulas import guard_formula


class CsvRejectWriter:
    """Refused rows being written: `line, reason`, then their own columns."""

    def __init__(self, file: TextIO) -> None:
        self.count = 0
        self._writer = csv.writer(file)

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Hand back one row; what stands beyond its header goes into a last cell."""
        columns = [name for name in raw if name != EXTRA_CELLS]
        if not self.count:
            self._write([*REJECT_COLUMNS, *columns])
        beyond = [raw[EXTRA_CELLS]] if EXTRA_CELLS in raw else []
        self._write([str(line), reason, *map(raw.__getitem__, columns), *beyond])
        self.count += 1

    def _write(self, cells: Iterable[str]) -> None:
        self._writer.writerow(map(guard_formula, cells))


@contextmanager
def open_rejects_file(path: Path) -> Iterator[CsvRejectWriter]:
    """Write a rejects file that appears only whole, and only if a row was added.

    Nobody but its owner can read it: the rows still have their phones in them. A
    file of that name from an earlier import is replaced. Raises `SetUpError` where
    the folder cannot be written to.
    """
    part = _create_part_file(path)
    try:
        # Without its BOM, Excel does not see that a CSV file is UTF-8.
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            rejects = CsvRejectWriter(file)
            yield rejects
        if rejects.count:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _create_part_file(path: Path) -> Path:
    try:
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            return Path(file.name)
    except OSError as error:
        reason = f"{path}: {error.strerror}; choose a folder that can be written to"
        raise SetUpError(reason) from error
