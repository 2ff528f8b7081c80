"""What the columns of a register mean, and how a row is read by it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from service.adapters.files.header import header_mistakes
from service.domain.errors import Mistake
from service.domain.nearest import show_known
from service.domain.permits.permit import PermitStatus
from service.domain.permits.permit_fields import DATES, FIELDS, REQUIRED
from service.domain.permits.row_permit import ACTIONS, REJECT, WITHDRAW, RowPermit
from service.domain.untrusted.spreadsheet_cells import unwrap_cell
from service.domain.untrusted.text import remove_invisible, show_field
from service.domain.untrusted.written_date import (
    DateForms,
    Unreadable,
    means_no_expiry,
    read_day,
)

NO_OFFICE: Final = ""
"""The key in `RegisterMapping.zones` of rows that name no office."""

_WORDED: Final = frozenset({"rule", "authority", "language", "status"})
"""Fields of codes: where a mapping translates them, every word must be known."""


@dataclass(slots=True)
class RowReading:
    """A permit of a row: its fields, the mistakes in the others, and `decision`.

    The decision is the action of a word that decided about the row, with the word:
    ("skip", "Status: Draft").
    """

    fields: dict[str, object]
    mistakes: list[Mistake] = field(default_factory=list)
    decision: tuple[str, str] | None = None

    def decide(self, action: str, why: str) -> None:
        """Take a decision; to reject beats to skip, and that to withdraw."""
        if self.decision is None or ACTIONS.index(action) < ACTIONS.index(
            self.decision[0]
        ):
            self.decision = action, why


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMapping:
    """A mapping from a register's columns and words to permit fields.

    `columns` maps a column to a field; several may map to `phones`, in order of
    preference. A file may lack the columns in `optional`. With `permits`, a row states
    several permits, which share columns and constants. `values` maps, per field, the
    register's words to ours or to ACTIONS. `constants` are the same in every row.
    `date_format` and `date_formats` are those of `DateForms`, a mapping by column.
    `zones` has the zone of each office. `width` is in digits. `ignore` may have * for
    any characters. `source` names the register, which is stale after `max_age_days`.
    `encoding`, `delimiter`, `header_line` and `sheet` say how its file is read; None
    where that is found.
    """

    columns: Mapping[str, str]
    optional: Collection[str] = ()
    permits: Sequence[RowPermit] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    ignore: Collection[str] = ()
    date_format: str | None = None
    date_formats: tuple[str, ...] | Mapping[str, tuple[str, ...]] = ()
    two_digit_years_from: int | None = None
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)
    width: Mapping[str, int] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    sheet: str | None = None
    source: str | None = None
    max_age_days: int | None = None

    def header_mistakes(self, header: Sequence[str]) -> Iterator[Mistake]:
        """List what is wrong with a header; an unmapped column is a mistake."""
        mapped = self.mapped
        return header_mistakes(
            [name for name in header if name in mapped or not self.ignores(name)],
            known=mapped,
            required=self.required,
            expected=f"one of {', '.join(mapped)}; or a mapping to name it",
        )

    @property
    def mapped(self) -> list[str]:
        """The columns that become fields of a permit."""
        return [
            *self.columns,
            *(name for one in self.permits for name in one.columns),
        ]

    @property
    def required(self) -> list[str]:
        """The columns that a file must have."""
        return [name for name in self.mapped if name not in self.optional]

    def ignores(self, column: str) -> bool:
        """Whether nobody needs a column that is not mapped."""
        return any(re.fullmatch(_pattern(one), column) for one in self.ignore)

    def read_permits(self, raw: Mapping[str, str]) -> list[RowReading]:
        """Read what a row states, permit by permit: one, or as `permits` say.

        A permit whose own columns are all empty is not stated.
        """
        if not self.permits:
            return [self._read(raw, self.columns, self.constants)]
        stated = [
            one
            for one in self.permits
            if any(unwrap_cell(raw.get(name, "")) for name in one.columns)
        ]
        return [
            self._read(
                raw,
                {**self.columns, **one.columns},
                {**self.constants, **({"rule": one.rule} if one.rule else {})},
            )
            for one in stated or self.permits[:1]
        ]

    def _read(
        self,
        raw: Mapping[str, str],
        columns: Mapping[str, str],
        constants: Mapping[str, str],
    ) -> RowReading:
        reading = RowReading(dict(constants))
        fields = reading.fields
        for column, name in columns.items():
            if column in raw:
                text = self._text(column, name, raw[column], reading)
                fields[name] = f"{fields[name]};{text}" if name in fields else text
        column_of = {name: column for column, name in columns.items()}
        for name in DATES:  # after the office, which gives instants their day
            if written := fields.get(name):
                column = column_of.get(name, "")
                fields[name] = self._day(column, name, str(written), reading)
        if reading.decision and reading.decision[0] == WITHDRAW:
            fields["status"] = PermitStatus.WITHDRAWN.value
        return reading

    def _text(self, column: str, name: str, cell: str, reading: RowReading) -> str:
        text = _unwrapped(name, cell)
        width = self.width.get(column)
        if width and text.isdecimal():
            text = text.rjust(width, "0")
        words = self.values.get(name, {})
        ours = words.get(text)
        if ours in ACTIONS:
            reading.decide(ours, f"{column}: {text}")
            if ours == REJECT:
                expected = "another one: the mapping rejects it"
                reading.mistakes.append(Mistake(name, show_field(name, text), expected))
            return ""
        if ours is None and words and text and name in _WORDED:
            expected = show_known(text, [*filter(None, words)])
            reading.mistakes.append(Mistake(name, show_field(name, text), expected))
            return ""
        return text if ours is None else ours

    def _day(
        self, column: str, name: str, text: str, reading: RowReading
    ) -> str | None:
        if name == "expires_on" and means_no_expiry(text):
            return None
        office = reading.fields.get("authority") or NO_OFFICE
        forms = DateForms(
            formats=self._formats(column),
            two_digit_years_from=self.two_digit_years_from,
            zone=self.zones.get(str(office)),
        )
        day = read_day(text, forms)
        if isinstance(day, Unreadable):
            reading.mistakes.append(Mistake(name, show_field(name, text), day.expected))
            return ""
        return day.isoformat()

    def _formats(self, column: str) -> tuple[str, ...]:
        everywhere = (self.date_format,) if self.date_format else ()
        if isinstance(self.date_formats, tuple):
            return self.date_formats or everywhere
        return self.date_formats.get(column, everywhere)


def _unwrapped(name: str, cell: str) -> str:
    """A cell without what a spreadsheet or a copy left around its value."""
    text = unwrap_cell(cell)
    return text if name == "holder" else unwrap_cell(remove_invisible(text))


def _pattern(heading: str) -> str:
    """A regular expression for a heading in which * is any text."""
    return ".*".join(map(re.escape, heading.split("*")))


IDENTITY_MAPPING = RegisterMapping(
    columns={name: name for name in FIELDS},
    optional=[name for name in FIELDS if name not in REQUIRED],
)
"""The mapping of a file whose header is the permit fields themselves."""
