"""The records of a CSV text with their lines; one stray quote costs one line."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """What stands from line `line` on: its cells, or why they cannot be told apart."""

    line: int
    cells: list[str]
    broken: str | None = None

    def without(self, first: int) -> "Record":
        """The same record without its first cells."""
        if self.broken or not first:
            return self
        return Record(self.line, self.cells[first:])


class Records:
    """Reads records one by one; lines that hold nothing are passed over.

    `csv` runs in its strict mode. A quote that is opened and never closed swallows
    good lines before `csv` can tell: those are read again by themselves.
    """

    def __init__(self, lines: Iterable[str], delimiter: str = ",") -> None:
        self._tape = _Tape(lines)
        self._reader = csv.reader(self._tape, strict=True, delimiter=delimiter)
        self._line = 1

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        while True:
            record = self._read()
            self._line += len(self._tape.taken)
            self._tape.taken.clear()
            if record.broken or any(map(str.strip, record.cells)):
                return record

    def _read(self) -> Record:
        try:
            return Record(self._line, next(self._reader))
        except csv.Error as error:
            first = self._tape.keep_first()
            return Record(self._line, [first.rstrip("\r\n")], str(error))


class _Tape:
    """Lines, those taken since the last record, and those to be taken again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def keep_first(self) -> str:
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]
        return self.taken[0]
