"""Reads registers from CSV files: each row gives a permit or an error."""

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path

from service.adapters.files.csv_records import CsvRecord, CsvRecordReader
from service.adapters.files.header import count_reject_columns
from service.adapters.files.read import open_file, open_text
from service.adapters.registers.mapping import (
    IDENTITY_MAPPING,
    RegisterMapping,
    RowReading,
)
from service.adapters.registers.register_row import RegisterRow
from service.adapters.registers.repeats import RowsByPermit
from service.domain.errors import InvalidError, Mistake
from service.domain.permits.permit import Permit
from service.domain.permits.permit_fields import permit_from
from service.domain.permits.row_permit import SKIP
from service.domain.untrusted.spreadsheet_formulas import unguard_formula
from service.domain.untrusted.text import strip_blanks

EXTRA_CELLS = ""
"""The key in `RegisterRow.raw` of cells beyond the header, or of an unsplit line."""

_CHUNK_BYTES = 1 << 20


def read_csv(
    path: Path,
    mapping: RegisterMapping | None = None,
    *,
    default_authority: str | None = None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[RegisterRow]:
    """Yield the rows of a register; without a mapping, its columns are permit fields.

    Blank lines are skipped. Rows that contradict each other about one permit are all
    errors; a row that only repeats an earlier one is marked. A corrected rejects file
    reads like its register: the columns `line` and `reason` are skipped, and its BOM
    means UTF-8 whatever the mapping says. `check` is called before each row, and may
    raise to stop the reading. Raises `InvalidError` with the file's name,
    before the first row, if the file is empty, in another encoding, or its header does
    not fit the mapping; and `SetUpError` where it is no file.
    """
    mapping = mapping or IDENTITY_MAPPING
    encoding = _detect_encoding(path, mapping)
    _refuse_wrong_encoding(path, encoding)
    reader = _RowReader(path, encoding, mapping, default_authority, check)
    # Read twice: the last row may contradict the first, and no row is held back.
    by_permit = RowsByPermit(reader)
    for row in reader:
        yield by_permit.check(row, f"{path.name}:{row.line}")


class _RowReader:
    """Reads the rows of a file, from its beginning each time."""

    def __init__(
        self,
        path: Path,
        encoding: str,
        mapping: RegisterMapping,
        default_authority: str | None,
        check: Callable[[], None],
    ) -> None:
        self._path = path
        self._encoding = encoding
        self._mapping = mapping
        self._default_authority = default_authority
        self._check = check
        self._header: list[str] = []

    def __iter__(self) -> Iterator[RegisterRow]:
        with open_text(self._path, self._encoding) as file:
            records = CsvRecordReader(file)
            self._header, skipped = _read_header(
                records, self._mapping, self._path.name
            )
            for record in records:
                self._check()
                yield from self._read_rows(record.without_first(skipped))

    def _read_rows(self, record: CsvRecord) -> Iterator[RegisterRow]:
        raw = self._raw_cells(record)
        where = f"{self._path.name}:{record.line}"
        try:
            self._refuse_misshapen(record, where)
        except InvalidError as misshapen:
            yield RegisterRow(record.line, raw, None, misshapen)
            return
        for reading in self._mapping.read_permits(raw):
            permit, error = self._read_permit(reading, where)
            decision = reading.decision
            yield RegisterRow(record.line, raw, permit, error, decision=decision)

    def _raw_cells(self, record: CsvRecord) -> dict[str, str]:
        if record.error:
            return {**dict.fromkeys(self._header, ""), EXTRA_CELLS: record.cells[0]}
        cells = [unguard_formula(cell) for cell in record.cells]
        raw = dict(zip(self._header, cells, strict=False))
        if len(cells) == len(self._header):
            return raw
        extra = cells[len(self._header) :]
        rest = {EXTRA_CELLS: ",".join(extra)} if extra else {}
        return {**dict.fromkeys(self._header, ""), **raw, **rest}

    def _refuse_misshapen(self, record: CsvRecord, where: str) -> None:
        if record.error:
            mistake = Mistake("row", record.error, "cells with their quotes closed")
        elif len(record.cells) != len(self._header):
            expected = f"{len(self._header)}, as in the header"
            mistake = Mistake("row", f"{len(record.cells)} cells", expected)
        elif "\0" in "".join(record.cells):
            mistake = Mistake("row", "a NUL byte", "text")
        else:
            return
        raise InvalidError(where, [mistake])

    def _read_permit(
        self, reading: RowReading, where: str
    ) -> tuple[Permit | None, InvalidError | None]:
        if reading.decision and reading.decision[0] == SKIP:
            return None, None
        mistakes, authority = reading.mistakes, self._default_authority
        found = {mistake.field for mistake in mistakes}
        permit = None
        try:
            permit = permit_from(reading.fields, where, default_authority=authority)
        except InvalidError as error:
            mistakes += [one for one in error.mistakes if one.field not in found]
        return (None, InvalidError(where, mistakes)) if mistakes else (permit, None)


def _read_header(
    records: CsvRecordReader, mapping: RegisterMapping, where: str
) -> tuple[list[str], int]:
    """Return the register's columns, and how many reject columns come before them."""
    first = next(records, None)
    if first is None:
        raise InvalidError(where, [Mistake("file", "nothing", "a header and rows")])
    if first.error:
        mistake = Mistake("header", first.error, "cells with their quotes closed")
        raise InvalidError(where, [mistake])
    header = [strip_blanks(cell) for cell in first.cells]
    skipped = count_reject_columns(header)
    mistakes = list(mapping.header_mistakes(header[skipped:]))
    if mistakes:
        raise InvalidError(where, mistakes)
    return header[skipped:], skipped


def _detect_encoding(path: Path, mapping: RegisterMapping) -> str:
    with open_file(path) as file:
        has_bom = file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
    return "utf-8-sig" if has_bom else mapping.encoding


def _refuse_wrong_encoding(path: Path, encoding: str) -> None:
    # Check all first: an error half-way would leave half of the file imported.
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with open_file(path) as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                line += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeError as error:  # a missing mark is no UnicodeDecodeError
            found = f"bytes that are not {encoding} near line {line}"
            expected = 'the encoding its mapping names, e.g. encoding = "gb18030"'
            if encoding == "utf-16" and not isinstance(error, UnicodeDecodeError):
                found = "UTF-16 without a byte order mark"
                expected = 'encoding = "utf-16-le" or "utf-16-be"'
            raise InvalidError(path.name, [Mistake("file", found, expected)]) from error
