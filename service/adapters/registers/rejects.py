"""Writes refused rows to a CSV file, each with its line and reason."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from service.adapters.files.header import REJECT_COLUMNS
from service.adapters.files.read import refuse_endless
from service.domain.errors import SetUpError, StorageError
from service.domain.untrusted.spreadsheet_formulas import guard_formula


class GuardedCsv:
    """Writes CSV rows in which no cell runs as a formula; errors name `path`."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._writer = csv.writer(file)
        self._path = path

    def write(self, cells: Iterable[str]) -> None:
        """Write one row; raises `StorageError` where the disk takes no more."""
        with refuse_full_disk(self._path):
            self._writer.writerow(map(guard_formula, cells))


class CsvRejectWriter:
    """Writes refused rows: `line`, `reason`, then the row's own columns."""

    def __init__(self, csv: GuardedCsv) -> None:
        self.count = 0
        self._csv = csv

    def add(self, line: int, raw: Mapping[str, str], reason: str) -> None:
        """Write one row, by column."""
        if not self.count:
            self._csv.write([*REJECT_COLUMNS, *raw])
        self._csv.write([str(line), reason, *raw.values()])
        self.count += 1


@contextmanager
def open_rejects_file(path: Path) -> Iterator[CsvRejectWriter]:
    """Open a rejects file that appears complete at exit, and only if a row was added.

    Only its owner can read it, since the rows hold phones. It replaces the file of an
    earlier import. Raises `SetUpError` at once where it could not be written, and
    `StorageError` where the disk takes no more.
    """
    with part_file(path) as part:
        with open_csv(part, path) as csv_file:
            rejects = CsvRejectWriter(csv_file)
            yield rejects
        if rejects.count:
            part.replace(path)


@contextmanager
def open_csv(part: Path, path: Path) -> Iterator[GuardedCsv]:
    """Open `part` to write what will be the CSV file `path`.

    Excel recognises UTF-8 in it only by its BOM. Raises `StorageError` where the disk
    takes no more.
    """
    file = part.open("w", encoding="utf-8-sig", newline="")
    try:
        yield GuardedCsv(file, path)
    except BaseException:
        with suppress(OSError):  # the error that came first says what is wrong
            file.close()
        raise
    with refuse_full_disk(path):
        file.close()


@contextmanager
def refuse_full_disk(*places: Path) -> Iterator[None]:
    """Raise `StorageError` where one of these places takes no more."""
    try:
        yield
    except OSError as error:
        message = (
            f"{' or '.join(map(str, places))}: {error.strerror}; rejected rows are "
            "written there: make room, or raise the limit on the size of files"
        )
        raise StorageError(message) from error


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
