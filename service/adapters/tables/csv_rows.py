"""Reads rows of CSV with their line numbers; a stray quote spoils one line only."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from service.adapters.tables.table import TableRow
from service.domain.errors import Mistake


class CsvRowReader:
    """Iterates over rows; skips lines without content.

    `csv` runs in strict mode. A quote that is never closed consumes good lines before
    `csv` raises an error: those lines are read again, one by one.
    """

    def __init__(self, lines: Iterable[str], delimiter: str = ",") -> None:
        self._lines = _LineBuffer(lines)
        self._reader = csv.reader(self._lines, strict=True, delimiter=delimiter)
        self._line = 1

    def __iter__(self) -> Iterator[TableRow]:
        return self

    def __next__(self) -> TableRow:
        while True:
            row = self._read()
            self._line += len(self._lines.consumed)
            self._lines.consumed.clear()
            if row.error or any(map(str.strip, row.cells)):
                return row

    def _read(self) -> TableRow:
        try:
            return TableRow(self._line, next(self._reader))
        except csv.Error as error:
            first = self._lines.push_back_rest()
            mistake = Mistake("row", str(error), "cells with their quotes closed")
            return TableRow(self._line, [first.rstrip("\r\n")], mistake)


class _LineBuffer:
    """Iterates over lines; remembers those of a row, to read them again."""

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
