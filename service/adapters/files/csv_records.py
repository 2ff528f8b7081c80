"""Reads CSV records with their line numbers; a stray quote spoils one line only."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """The record that begins at `line`: its cells, or the error of the CSV reader."""

    line: int
    cells: list[str]
    error: str | None = None

    def without_first(self, count: int) -> "CsvRecord":
        """Return the record without its first cells."""
        if self.error or not count:
            return self
        return CsvRecord(self.line, self.cells[count:])


class CsvRecordReader:
    """Iterates over records; skips lines without content.

    `csv` runs in strict mode. A quote that is never closed consumes good lines before
    `csv` raises an error: those lines are read again, one by one.
    """

    def __init__(self, lines: Iterable[str], delimiter: str = ",") -> None:
        self._lines = _LineBuffer(lines)
        self._reader = csv.reader(self._lines, strict=True, delimiter=delimiter)
        self._line = 1

    def __iter__(self) -> Iterator[CsvRecord]:
        return self

    def __next__(self) -> CsvRecord:
        while True:
            record = self._read()
            self._line += len(self._lines.consumed)
            self._lines.consumed.clear()
            if record.error or any(map(str.strip, record.cells)):
                return record

    def _read(self) -> CsvRecord:
        try:
            return CsvRecord(self._line, next(self._reader))
        except csv.Error as error:
            first = self._lines.push_back_rest()
            return CsvRecord(self._line, [first.rstrip("\r\n")], str(error))


class _LineBuffer:
    """Iterates over lines; remembers those of a record, to read them again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._pushed_back: deque[str] = deque()
        self.consumed: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._pushed_back.popleft() if self._pushed_back else next(self._lines)
        self.consumed.append(line)
        return line

    def push_back_rest(self) -> str:
        self._pushed_back.extendleft(reversed(self.consumed[1:]))
        del self.consumed[1:]
        return self.consumed[0]
