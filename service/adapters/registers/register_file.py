"""Reads registers from files: each row gives a permit or an error."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from service.adapters.files.header import count_reject_columns
from service.adapters.registers.filed_rows import read_filing
from service.adapters.registers.mapping import IDENTITY_MAPPING, RegisterMapping
from service.adapters.registers.register_row import RegisterRow
from service.adapters.registers.repeats import RowsByPermit
from service.adapters.registers.row_mapper import RowMapper, RowReading
from service.adapters.registers.row_spool import RowSpool
from service.adapters.tables.table import (
    Table,
    TableHints,
    TableRow,
    refuse_file,
)
from service.adapters.tables.table_file import open_table
from service.domain.errors import InvalidError, Mistake
from service.domain.permits.permit import PermitStatus
from service.domain.permits.permit_fields import (
    permit_from,
    withdrawal_from,
)
from service.domain.permits.row_permit import REJECT, SKIP, Withdrawal
from service.domain.untrusted.spreadsheet_formulas import unguard_formula
from service.domain.untrusted.text import strip_blanks

_NAMES: Final = frozenset({"authority", "rule", "number"})
"""The fields that name a permit."""


class RegisterFile:
    """A register that was read to its end; its rows can be taken once.

    `form` is how its file was read, `header` its columns, and `titles` the rows above
    them. `first_column` is the number of the first column in its file, from 0, and
    `count` the number of rows. With `is_rejects` it has the rejected rows of another.
    """

    def __init__(
        self,
        name: str,
        table: Table,
        skipped: int,
        spool: RowSpool,
        by_permit: RowsByPermit,
        *,
        check: Callable[[], None],
    ) -> None:
        self.form, self.titles = table.form, table.titles
        self.header = table.header[skipped:]
        self.first_column = table.form.first_column + skipped
        self.is_rejects = skipped > 0
        self.count = spool.count
        self._name = name
        self._spool = spool
        self._by_permit = by_permit
        self._check = check

    def __iter__(self) -> Iterator[RegisterRow]:
        """Yield the rows; those of one permit as `RowsByPermit` has checked them."""
        for row in self._spool.take():
            self._check()
            yield self._by_permit.check(row, f"{self._name}:{row.line}")

    def close(self) -> None:
        """Forget the rows that were not taken."""
        self._spool.close()


def read_register(
    path: Path,
    mapping: RegisterMapping | None = None,
    *,
    default_authority: str | None = None,
    check: Callable[[], None] = lambda: None,
) -> RegisterFile:
    """Read a register; without a mapping, its columns are permit fields.

    Blank rows are skipped. Rows that contradict each other about one permit are all
    errors; a row that only repeats an earlier one is marked. A corrected rejects file
    reads like its register: the columns before its own are skipped. `check` is
    called before each row is read or taken, and may raise to stop that. Raises
    `InvalidError` with the file's name if it is no table, has no rows, or its header
    does not fit the mapping; and `SetUpError` where it is no file.
    """
    mapping = mapping or IDENTITY_MAPPING
    # Read to the end first: the last row may contradict the first, and a file that
    # turns out to be damaged must not be imported in part.
    with ExitStack() as on_error:
        spool, by_permit = RowSpool(), RowsByPermit()
        on_error.callback(spool.close)
        with open_table(path, _hints(mapping)) as table:
            skipped = _check_header(table.header, mapping, path.name)
            reader = _RowReader(
                path.name, table.header[skipped:], mapping, default_authority
            )
            for table_row in table.rows:
                check()
                for row in reader.read(table_row.without_first(skipped)):
                    by_permit.add(row)
                    spool.add(row)
        if not spool.count:
            raise refuse_file(path.name, "a header and no rows", "rows below it")
        by_permit.compare(spool.look())
        on_error.pop_all()
    return RegisterFile(path.name, table, skipped, spool, by_permit, check=check)


def read_row(
    where: str,
    cells: Mapping[str, str],
    mapping: RegisterMapping,
    *,
    default_authority: str | None,
) -> list[RegisterRow]:
    """Read one row that stands in no file, given by column; `where` names it."""
    reader = _RowReader(where, [*cells], mapping, default_authority)
    return [*reader.read(TableRow(1, [*cells.values()]))]


def _hints(mapping: RegisterMapping) -> TableHints:
    return TableHints(
        columns=mapping.mapped,
        required=mapping.required,
        encoding=mapping.encoding,
        delimiter=mapping.delimiter,
        header_line=mapping.header_line,
        sheet=mapping.sheet,
    )


def _check_header(header: Sequence[str], mapping: RegisterMapping, where: str) -> int:
    """Refuse a header that does not fit; return how many reject columns it begins with.

    A column without a name is no mistake: many exports end each line with a comma.
    """
    skipped = count_reject_columns(header)
    named = [name for name in header[skipped:] if name]
    mistakes = list(mapping.header_mistakes(named))
    if mistakes:
        raise InvalidError(where, mistakes)
    return skipped


class _RowReader:
    """Reads the rows of a table with this header."""

    def __init__(
        self,
        name: str,
        header: list[str],
        mapping: RegisterMapping,
        default_authority: str | None,
    ) -> None:
        self._name = name
        self._header = header
        self._mapper = RowMapper(mapping)
        self._default_authority = default_authority
        self._nameless = [at for at, column in enumerate(header) if not column]
        self._takes_nameless, self._is_filed = mapping.ignores(""), bool(mapping.lists)
        self._number_columns = mapping.columns_of("number")

    def read(self, row: TableRow) -> Iterator[RegisterRow]:
        """Read a row: its permits, or errors with all the mistakes of each."""
        where = f"{self._name}:{row.line}"
        if row.error:
            cells = [*self._missing(()), *row.cells]
            yield RegisterRow(row.line, cells, None, InvalidError(where, [row.error]))
            return
        cells = [*map(unguard_formula, row.cells)]
        if mistake := self._find_misshape(cells):
            cells += self._missing(cells)
            yield RegisterRow(row.line, cells, None, InvalidError(where, [mistake]))
            return
        raw = dict(zip(self._header, cells, strict=False))
        raw.pop("", None)
        for reading in self._mapper.read_permits(raw):
            yield self._read_permit(row.line, cells, reading)

    def _missing(self, cells: Sequence[str]) -> list[str]:
        return [""] * (len(self._header) - len(cells))

    def _has_nameless(self, cells: Sequence[str]) -> bool:
        if not self._nameless and len(cells) == len(self._header):
            return False
        nameless = [cells[at] for at in self._nameless if at < len(cells)]
        return any(map(strip_blanks, [*nameless, *cells[len(self._header) :]]))

    def _find_misshape(self, cells: Sequence[str]) -> Mistake | None:
        width = len(self._header)
        is_too_much = self._has_nameless(cells) and not self._takes_nameless
        if len(cells) < width or (len(cells) > width and is_too_much):
            expected = f"{width}, as in the header"
            return Mistake("row", f"{len(cells)} cells", expected)
        if is_too_much:
            return Mistake("row", "a value in a column without a name", "none there")
        if "\0" in "".join(cells):
            return Mistake("row", "a NUL byte", "text")
        return None

    def _read_permit(
        self, line: int, cells: list[str], reading: RowReading
    ) -> RegisterRow:
        """Return the row with what was read of it."""
        where, decision = f"{self._name}:{line}", reading.decision
        if decision and decision[0] == SKIP:
            number = reading.find_number(self._number_columns)
            return RegisterRow(
                line, cells, None, None, decision=decision, number=number
            )
        if self._is_filed:
            return read_filing(line, cells, reading, where)
        authority = self._default_authority
        mistakes, permit = reading.mistakes, None
        try:
            permit = permit_from(reading.fields, where, default_authority=authority)
        except InvalidError as error:
            found = {mistake.field for mistake in mistakes}
            mistakes += [one for one in error.mistakes if one.field not in found]
        if not mistakes:
            return RegisterRow(line, cells, permit, None, decision=decision)
        withdraws = self._find_withdrawal(reading, where)
        wrong = None if withdraws else InvalidError(where, mistakes)
        return RegisterRow(
            line,
            cells,
            None,
            wrong,
            decision=decision,
            withdraws=withdraws,
            number=reading.find_number(self._number_columns),
        )

    def _find_withdrawal(self, reading: RowReading, where: str) -> Withdrawal | None:
        """What a row withdraws, though other fields of it cannot be read.

        Rejected, it would leave its permit active, and its holder would get texts.
        """
        is_rejected = reading.decision is not None and reading.decision[0] == REJECT
        says_so = reading.fields.get("status") == PermitStatus.WITHDRAWN
        wrong = {mistake.field for mistake in reading.mistakes}
        if is_rejected or not says_so or wrong & _NAMES:
            return None
        authority = self._default_authority
        return withdrawal_from(reading.fields, where, default_authority=authority)
