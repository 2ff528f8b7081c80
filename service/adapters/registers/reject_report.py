"""The rejected rows of a register, each with its reasons and what repairs them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from service.adapters.registers.mapping import RegisterMapping
from service.adapters.registers.register_file import RegisterFile
from service.adapters.registers.reject_sheet import (
    LEADING,
    RejectedRow,
    RejectSheet,
    SheetFiles,
)
from service.adapters.registers.rejects import (
    GuardedCsv,
    open_csv,
    part_file,
    refuse_full_disk,
)
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.rejected_rows.reasons import Reasons, WrongValue
from service.domain.rejected_rows.repairs import ROW, RepairFacts
from service.domain.untrusted.spreadsheet_cells import unwrap_cell
from service.domain.untrusted.text import remove_invisible, show_field, strip_blanks


class RejectReport:
    """Writes the rejected rows of a register, and groups their mistakes.

    The rows keep the register's columns and their order, so that they can be repaired
    in place and imported again by the same mapping. A row that is rejected for several
    permits that it states is written once.
    """

    def __init__(
        self,
        register: RegisterFile,
        mapping: RegisterMapping,
        codes: Mapping[str, Collection[str]],
        csv: GuardedCsv,
        sheet_files: SheetFiles,
    ) -> None:
        self.count = 0
        self.reasons = Reasons(_facts_of(mapping, codes))
        self._register, self._csv = register, csv
        self._sheet_files = sheet_files
        self._sheet_name = register.form.sheet or mapping.sheet or "Rejected"
        self._sheet: RejectSheet | None = None
        self._places = _places_by_field(register.header, mapping)
        self._line: int | None = None
        self._cells: Sequence[str] = ()
        self._wrong: list[tuple[list[int], WrongValue]] = []

    def add(self, line: int, cells: Sequence[str], error: InvalidError) -> None:
        """Take the mistakes of a row; those of one line come one after the other."""
        if self._line != line:
            self._flush()
            self._line, self._cells = line, cells
        for mistake in error.mistakes:
            at = self._find_cells(mistake, cells)
            named = [] if mistake.field == ROW else at
            columns = [self._register.header[one] for one in named]
            wrong = self.reasons.add(mistake, columns, [cells[one] for one in named])
            self._wrong.append((at, wrong))

    def close(self) -> None:
        """Write what is left; without a row there is no workbook.

        Raises `StorageError`, as `add` does, where the disk takes no more.
        """
        self._flush()
        if self._sheet:
            with refuse_full_disk(self._sheet_files.path, self._sheet_files.temporary):
                self._sheet.close(self.reasons.groups())

    def release(self) -> None:
        """Close the files that an error has left open."""
        if self._sheet:
            self._sheet.release()

    def _flush(self) -> None:
        """Write the row that was taken last."""
        if self._line is None:
            return
        if self._sheet is None:
            self._csv.write([*LEADING, *self._register.header])
            with refuse_full_disk(self._sheet_files.temporary):
                self._sheet = RejectSheet(
                    self._sheet_files, self._register, self._sheet_name
                )
        row = self._describe(self._line)
        self._csv.write([row.place, row.reason, row.repair, *row.cells])
        with refuse_full_disk(self._sheet_files.temporary):
            self._sheet.add(row)
        self.count += 1
        self._line, self._wrong = None, []

    def _describe(self, line: int) -> RejectedRow:
        cells = [one for at, _ in self._wrong for one in at]
        advice = (wrong.repair.advice for _, wrong in self._wrong)
        return RejectedRow(
            place=self._address(line, cells[:1]),
            reason="; ".join(
                wrong.show(*(self._column(one) + str(line) for one in at))
                if self._register.form.sheet
                else wrong.show()
                for at, wrong in self._wrong
            ),
            repair="; ".join(dict.fromkeys(advice)),
            cells=self._cells,
            wrong={*cells},
        )

    def _address(self, line: int, cells: Sequence[int]) -> str:
        """The line of a text, or the cell of a workbook: Permits!F7."""
        sheet = self._register.form.sheet
        if sheet is None:
            return str(line)
        return f"{sheet}!{''.join(map(self._column, cells))}{line}"

    def _column(self, at: int) -> str:
        return column_name(self._register.first_column + at)

    def _find_cells(self, mistake: Mistake, cells: Sequence[str]) -> list[int]:
        """Where a mistake stands; several columns may lead to one field."""
        header = self._register.header
        if mistake.field == ROW:
            nameless = (
                at for at, _ in enumerate(cells) if not "".join(header[at:][:1])
            )
            return [at for at in nameless if strip_blanks(cells[at])]
        places = self._places[mistake.field]
        if len(places) > 1:
            alike = [at for at in places if _shows(mistake, cells[at])]
            return alike or places
        return places


@contextmanager
def open_reject_report(
    path: Path,
    register: RegisterFile,
    mapping: RegisterMapping,
    codes: Mapping[str, Collection[str]],
) -> Iterator[RejectReport]:
    """Open the report of a register; it appears at exit, if a row was rejected.

    `path` is its CSV file; the workbook is beside it, as .xlsx. `codes` are the
    installed ones, by field. Only their owner can read the files, since the rows hold
    phones; after an error nothing is left of them. They replace those of an earlier
    import. Raises `SetUpError` at once where they could not be written, and
    `StorageError` where the disk takes no more.
    """
    workbook = path.with_suffix(".xlsx")
    with (
        part_file(path) as part,
        part_file(workbook) as sheet_part,
        _temporary_folder() as folder,
    ):
        files = SheetFiles(workbook, sheet_part, folder)
        with open_csv(part, path) as csv:
            report = RejectReport(register, mapping, codes, csv, files)
            try:
                yield report
                report.close()
            finally:
                report.release()
        if report.count:
            part.replace(path)
            sheet_part.replace(workbook)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    try:
        folder = TemporaryDirectory(prefix="permit-reminders-")
    except OSError as error:
        reason = (
            f"the folder for temporary files: {error.strerror}; make room in it, or "
            "name one in TMPDIR that can be written to"
        )
        raise SetUpError(reason) from error
    with folder as path:
        yield Path(path)


def column_name(at: int) -> str:
    """The letters of a spreadsheet's column, counted from 0: A, Z, AA."""
    name = ""
    while at >= 0:
        at, letter = divmod(at, 26)
        name, at = chr(ord("A") + letter) + name, at - 1
    return name


def _facts_of(
    mapping: RegisterMapping, codes: Mapping[str, Collection[str]]
) -> RepairFacts:
    return RepairFacts(
        date_format=mapping.date_format,
        date_formats=mapping.date_formats,
        values=mapping.values,
        codes=codes,
        is_filed=mapping.lists is not None,
    )


def _places_by_field(
    header: Sequence[str], mapping: RegisterMapping
) -> Mapping[str, list[int]]:
    tables = [mapping.columns, *(one.columns for one in mapping.permits)]
    places: dict[str, list[int]] = defaultdict(list)
    for column, name in (pair for table in tables for pair in table.items()):
        if column in header:
            places[name].append(header.index(column))
    return places


def _shows(mistake: Mistake, cell: str) -> bool:
    """Whether a mistake may be about this cell."""
    text = unwrap_cell(remove_invisible(unwrap_cell(cell)))
    if mistake.found == "nothing":
        return not text
    return show_field(mistake.field, text) == mistake.found
