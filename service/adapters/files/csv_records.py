"""The records of a CSV text with their lines; one stray quote costs one line."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """What stands from line `line` on: its cells, or why they cannot be told apart."""

    line: int
    cells: list[str]
    error: str | None = None

    def without_first(self, count: int) -> "CsvRecord":
        """The same record without its first cells."""
        if self.error or not count:
            return self
        return CsvRecord(self.line, self.cells[count:])


class CsvRecordReader:
    """Reads records one by one; lines that hold nothing are passed over.

    `csv` runs in its strict mode. A quote that is opened and never closed swallows
    good lines before `csv` can tell: those are read again by themselves.
    """

    def __init__(self, lines: Iterable[str], delimiter: str = ",") -> None:
        self._tape = _LineBuffer(lines)
        self._reader = csv.reader(self._tape, strict=True, delimiter=delimiter)
        self._line = 1

    def __iter__(self) -> Iterator[CsvRecord]:
        return self

    def __next__(self) -> CsvRecord:
        while True:
            record = self._read()
            self._line += len(self._tape.consumed)
            self._tape.consumed.clear()
            if record.error or any(map(str.strip, record.cells)):
                return record

    def _read(self) -> CsvRecord:
        try:
            return CsvRecord(self._line, next(self._reader))
        except csv.Error as error:
            first = self._tape.push_back_rest()
            return CsvRecord(self._line, [first.rstrip("\r\n")], str(error))


class _LineBuffer:
    """Lines, those taken since the last record, and those to be taken again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.consumed: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.consumed.append(line)
        return line

    def push_back_rest(self) -> str:
        self._again.extendleft(reversed(self.consumed[1:]))
        del self.consumed[1:]
        return self.consumed[0]
