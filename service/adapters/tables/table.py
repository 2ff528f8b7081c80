"""A table as it was read: its form, its header, and its rows as text."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.domain.errors import InvalidError, Mistake
from service.domain.untrusted.text import safe_label, strip_blanks

MOST_COLUMNS: Final = 1_000
"""Columns of a table; a register has some dozens."""

MOST_CHARACTERS: Final = 500_000
"""Characters of a row: a longer one is no row, and would fill the memory."""

_DIGITS: Final = 15
"""Digits that a spreadsheet stores of a number; a longer one has lost its end."""

_SEPARATED: Final = {
    ",": "comma-separated",
    ";": "semicolon-separated",
    "\t": "tab-separated",
    "|": "bar-separated",
}


@dataclass(slots=True)
class TableRow:
    """The row that begins at `line`, from 1: its cells, or what is wrong with it.

    A row with an error has one cell: its text.
    """

    line: int
    cells: list[str]
    error: Mistake | None = None

    def without_first(self, count: int) -> "TableRow":
        """Return the row without its first cells."""
        if self.error or not count:
            return self
        return TableRow(self.line, self.cells[count:])


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHints:
    """What is known of a table before it is read; None where it has to be found.

    `columns` are headings that its header may have, and `required` those it must have:
    they tell it from titles above it, and the separator from others. `encoding` and
    `delimiter` are those of a text; `sheet` is one of a workbook.
    """

    columns: Collection[str] = ()
    required: Collection[str] = ()
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableForm:
    """How a table was read: what people check before they trust it.

    `kind` is "CSV", "NDJSON", "XLSX", "XLSB", "XLS" or "ODS"; `sheets` counts those of
    a workbook. `header_line` is a row's number in a workbook, and 0 in NDJSON. `above`
    counts the rows above the header, which are not read, without blank ones.
    `first_column` is the sheet's first one with a value, from 0.
    """

    kind: str
    header_line: int = 0
    above: int = 0
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: int = 0
    first_column: int = 0

    def __str__(self) -> str:
        if self.sheet is not None:
            others = f" (of {self.sheets})" if self.sheets > 1 else ""
            sheet = f'{self.kind}, sheet "{safe_label(self.sheet)}"{others}'
            return f"{sheet}, header in row {self.header_line}{self._show_above()}"
        encoding = _shown_encoding(self.encoding or "")
        if self.delimiter is None:
            return f"{self.kind} in {encoding}"
        separated = _SEPARATED[self.delimiter]
        header = f"header in line {self.header_line}{self._show_above()}"
        return f"{separated} {encoding}, {header}"

    def _show_above(self) -> str:
        if not self.above:
            return ""
        rows = (
            "1 row above it is" if self.above == 1 else f"{self.above} rows above are"
        )
        return f" ({rows} not read)"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is open: its rows can be read once.

    `titles` are the rows above the header, without blank ones.
    Reading a row raises `InvalidError` where the file itself turns out to be wrong.
    """

    form: TableForm
    header: list[str] = field(repr=False)
    rows: Iterator[TableRow] = field(repr=False)
    titles: Sequence[TableRow] = field(default=(), repr=False)


def _shown_encoding(name: str) -> str:
    name = name.removesuffix("-sig")
    return {"cp1252": "Windows-1252", "big5": "Big5"}.get(name, name.upper())


def refuse_file(where: str, found: str, expected: str) -> InvalidError:
    """Build the error of a file that is wrong as a whole."""
    return InvalidError(where, [Mistake("file", found, expected)])


def clean_header(cells: Iterable[str], where: str) -> list[str]:
    """Return the headings without blanks around them, and without nameless last ones.

    Raises `InvalidError` with the file's name where they are too many, or no text.
    """
    header = [strip_blanks(cell) for cell in cells]
    while header and not header[-1]:
        header.pop()
    if "\0" in "".join(header):
        raise refuse_file(where, "a header with NUL bytes", "a text or a workbook")
    if len(header) > MOST_COLUMNS:
        found, expected = f"{len(header)} columns", f"at most {MOST_COLUMNS}"
        raise InvalidError(where, [Mistake("header", found, expected)])
    return header


def number_text(value: object) -> str:
    """Return a number as text: without `.0`, with an exponent if it is too long."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_DIGITS:
        return str(int(value))
    return str(value)
