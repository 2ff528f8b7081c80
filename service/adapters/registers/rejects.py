"""The rows that were refused, handed back as a CSV file with line and reason."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from service.adapters.files.spreadsheet_formulas import guarded
from service.adapters.registers.csv_file import BEYOND, VERDICT
from service.domain.errors import SetUpError


class Rejects:
    """Refused rows being written: `line, reason`, then their own columns."""

    def __init__(self, file: TextIO) -> None:
        self.count = 0
        self._writer = csv.writer(file)

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Hand back one row; what stands beyond its header goes into a last cell."""
        columns = [name for name in raw if name != BEYOND]
        if not self.count:
            self._write([*VERDICT, *columns])
        beyond = [raw[BEYOND]] if BEYOND in raw else []
        self._write([str(line), reason, *map(raw.__getitem__, columns), *beyond])
        self.count += 1

    def _write(self, cells: Iterable[str]) -> None:
        self._writer.writerow(map(guarded, cells))


@contextmanager
def rejects_file(path: Path) -> Iterator[Rejects]:
    """Write a rejects file that appears only whole, and only if a row was added.

    Nobody but its owner can read it: the rows still have their phones in them. A
    file of that name from an earlier import is replaced. Raises `SetUpError` where
    the folder cannot be written to.
    """
    part = _part_of(path)
    try:
        # Without its BOM, Excel does not see that a CSV file is UTF-8.
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            rejects = Rejects(file)
            yield rejects
        if rejects.count:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _part_of(path: Path) -> Path:
    try:
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            return Path(file.name)
    except OSError as error:
        reason = f"{path}: {error.strerror}; choose a folder that can be written to"
        raise SetUpError(reason) from error
