"""Reads the cells of a row by a mapping: the fields of a permit, or of several."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from service.adapters.registers.mapping import NO_OFFICE, RegisterMapping
from service.domain.errors import Mistake
from service.domain.nearest import show_known
from service.domain.permits.permit import PermitStatus
from service.domain.permits.permit_fields import DATES, number_from
from service.domain.permits.row_permit import ACTIONS, REJECT, SKIP, WITHDRAW
from service.domain.untrusted.phone_list import split_phones
from service.domain.untrusted.raw_fields import LONGEST_PHONES
from service.domain.untrusted.spreadsheet_cells import unwrap_cell
from service.domain.untrusted.text import remove_invisible, show_field, strip_blanks
from service.domain.untrusted.written_date import (
    DateForms,
    Unreadable,
    means_no_expiry,
    read_day,
)

_WORDED: Final = frozenset({"rule", "authority", "language", "status"})
"""Fields of codes: where a mapping translates them, every word must be known."""

_REPEATED: Final = _WORDED.union(DATES)
"""Fields whose cells repeat: a register has few words and dates in many rows."""

_CACHED: Final = 4096
"""Cells of such a column whose reading is remembered."""


@dataclass(slots=True)
class RowReading:
    """A permit of a row: its fields, the mistakes in the others, and `decision`.

    The decision is the action of a word that decided about the row, with the word:
    ("skip", "Status: Draft").
    """

    fields: dict[str, object]
    mistakes: list[Mistake] = field(default_factory=list)
    decision: tuple[str, str] | None = None

    def take(self, cell: "_CellReading") -> str | None:
        """Take what a cell says of the row, and return its text.

        To reject a row beats to skip it, and that to withdraw its permit.
        """
        if cell.mistake:
            self.mistakes.append(cell.mistake)
        if cell.decision and (
            self.decision is None
            or ACTIONS.index(cell.decision[0]) < ACTIONS.index(self.decision[0])
        ):
            self.decision = cell.decision
        return cell.text

    def find_number(self, number_columns: Collection[str]) -> str | None:
        """The number of a permit that the row does not state, as `RegisterRow` has it.

        A row that the mapping skips by its number, like a total, is of no permit.
        """
        if self.decision and self.decision[0] == SKIP:
            column = self.decision[1].rpartition(": ")[0]
            if column in number_columns:
                return ""
        return number_from(self.fields)


class _CellReading(NamedTuple):
    """The text of a cell, the decision of its word about the row, and its mistake."""

    text: str | None
    decision: tuple[str, str] | None = None
    mistake: Mistake | None = None


class RowMapper:
    """Reads rows by a mapping; what it says of columns is looked up only once."""

    def __init__(self, mapping: RegisterMapping) -> None:
        self._permits = [
            _PermitMapper(
                mapping,
                {**mapping.columns, **one.columns},
                {**mapping.constants, **({"rule": one.rule} if one.rule else {})},
                [*one.columns],
            )
            for one in mapping.permits
        ]
        self._only = _PermitMapper(mapping, mapping.columns, mapping.constants)

    def read_permits(self, raw: Mapping[str, str]) -> list[RowReading]:
        """Read what a row states, permit by permit: one, or as `permits` say.

        A permit whose own columns are all empty is not stated.
        """
        if not self._permits:
            return [self._only.read(raw)]
        stated = [one for one in self._permits if one.is_stated(raw)]
        return [one.read(raw) for one in stated or self._permits[:1]]


class _PermitMapper:
    """Reads the fields of one permit of a row."""

    def __init__(
        self,
        mapping: RegisterMapping,
        columns: Mapping[str, str],
        constants: Mapping[str, str],
        own: Collection[str] = (),
    ) -> None:
        self._mapping, self._constants, self._own = mapping, dict(constants), own
        self._columns = [
            (column, name, _cell_reader(mapping, column, name))
            for column, name in columns.items()
        ]
        self._column_of = {name: column for column, name in columns.items()}
        self._contacts = [one for one in self._columns if self._has_roles(one[1])]
        self._columns = [one for one in self._columns if not self._has_roles(one[1])]
        self._read_day = lru_cache(_CACHED)(self._read_new_day)

    def is_stated(self, raw: Mapping[str, str]) -> bool:
        """Whether one of the permit's own columns says something."""
        return any(unwrap_cell(raw.get(column, "")) for column in self._own)

    def read(self, raw: Mapping[str, str]) -> RowReading:
        """Read its fields."""
        reading = RowReading(dict(self._constants))
        fields = reading.fields
        for column, name, read_cell in self._columns:
            if column in raw:
                text = read_cell(raw[column])
                if not isinstance(text, str):
                    text = reading.take(text) or ""
                fields[name] = f"{fields[name]};{text}" if name in fields else text
        if self._contacts:
            fields["phones"] = [*self._read_contacts(raw, reading)]
        office = str(fields.get("authority") or NO_OFFICE)
        for name in DATES:  # after the office, which gives instants their day
            if written := fields.get(name):
                day = self._read_day(name, str(written), office)
                fields[name] = day if isinstance(day, str) else reading.take(day)
        if reading.decision and reading.decision[0] == WITHDRAW:
            fields["status"] = PermitStatus.WITHDRAWN.value
        return reading

    def _has_roles(self, name: str) -> bool:
        return name == "phones" and bool(self._mapping.roles)

    def _read_contacts(
        self, raw: Mapping[str, str], reading: RowReading
    ) -> Iterator[object]:
        """The phones of all columns, in their order, each with its column's role."""
        for column, _, read_cell in self._contacts:
            text = read_cell(raw.get(column, ""))
            if not isinstance(text, str):
                text = reading.take(text) or ""
            yield from _contacts(text, self._mapping.roles.get(column))

    def _read_new_day(self, name: str, text: str, office: str) -> str | _CellReading:
        if name == "expires_on" and means_no_expiry(text):
            return _CellReading(None)
        forms = DateForms(
            formats=self._mapping.formats_of(self._column_of.get(name, "")),
            two_digit_years_from=self._mapping.two_digit_years_from,
            zone=self._mapping.zones.get(office),
        )
        day = read_day(text, forms)
        if isinstance(day, Unreadable):
            mistake = Mistake(name, show_field(name, text), day.expected)
            return _CellReading("", mistake=mistake)
        return day.isoformat()


def _cell_reader(
    mapping: RegisterMapping, column: str, name: str
) -> Callable[[str], str | _CellReading]:
    """The reader of a column's cells: most give their text, and nothing else."""
    width, words = mapping.width.get(column), mapping.values.get(name, {})
    known = [*filter(None, words)]

    def read(cell: str) -> str | _CellReading:
        text = _unwrap(name, cell)
        if width and text.isdecimal():
            text = text.rjust(width, "0")
        ours = words.get(text)
        if ours in ACTIONS:
            decision = ours, f"{column}: {text}"
            if ours != REJECT:
                return _CellReading("", decision)
            expected = "another one: the mapping rejects it"
            mistake = Mistake(name, show_field(name, text), expected)
            return _CellReading("", decision, mistake)
        if ours is None and text and known_words_only:
            mistake = Mistake(name, show_field(name, text), show_known(text, known))
            return _CellReading("", mistake=mistake)
        return text if ours is None else ours

    known_words_only = bool(words) and name in _WORDED
    return lru_cache(_CACHED)(read) if name in _REPEATED else read


def _contacts(text: str, role: str | None) -> Sequence[object]:
    """The phones of a cell, each with its role; one too long to take apart stays."""
    phones = split_phones(text) if len(text) <= LONGEST_PHONES else [text]
    if role is None:
        return phones
    return [{"phone": one, "role": role} for one in phones]


def _unwrap(name: str, cell: str) -> str:
    """A cell without what a spreadsheet or a copy left around its value."""
    text = unwrap_cell(cell)
    if name == "holder":  # it may begin with an apostrophe: 't Hof
        return text
    if not text.isascii():
        text = unwrap_cell(remove_invisible(text))
    return strip_blanks(text.lstrip("'")) if text.startswith("'") else text
