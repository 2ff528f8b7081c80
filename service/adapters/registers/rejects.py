"""Writes refused rows to a CSV file, each with its line and reason."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from service.adapters.files.header import REJECT_COLUMNS
from service.adapters.files.read import refuse_endless
from service.domain.errors import SetUpError
from service.domain.untrusted.spreadsheet_formulas import guard_formula


class CsvRejectWriter:
    """Writes refused rows: `line`, `reason`, then the row's own columns."""

    def __init__(self, file: TextIO) -> None:
        self.count = 0
        self._csv = GuardedCsv(file)

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Write one row, by column."""
        if not self.count:
            self._csv.write([*REJECT_COLUMNS, *raw])
        self._csv.write([str(line), reason, *raw.values()])
        self.count += 1


class GuardedCsv:
    """Writes CSV rows in which no cell runs as a formula."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)

    def write(self, cells: Iterable[str]) -> None:
        """Write one row."""
        self._writer.writerow(map(guard_formula, cells))


@contextmanager
def open_rejects_file(path: Path) -> Iterator[CsvRejectWriter]:
    """Open a rejects file that appears complete at exit, and only if a row was added.

    Only its owner can read it, since the rows hold phones. It replaces the file of an
    earlier import. Raises `SetUpError` at once where it could not be written.
    """
    with part_file(path) as part:
        with open_csv(part) as file:
            rejects = CsvRejectWriter(file)
            yield rejects
        if rejects.count:
            part.replace(path)


def open_csv(path: Path) -> TextIO:
    """Open a CSV file to write it; Excel recognises UTF-8 in it only by its BOM."""
    return path.open("w", encoding="utf-8-sig", newline="")


@contextmanager
def part_file(path: Path) -> Iterator[Path]:
    """Give a new file beside `path`, to be moved there when it is complete.

    Only its owner can read it; what was not moved is deleted. Raises `SetUpError` where
    a file could not be written.
    """
    part = _create_part_file(path)
    try:
        yield part
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
