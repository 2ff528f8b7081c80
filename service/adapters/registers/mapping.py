"""What the columns of a register mean, and how a row is read by it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.adapters.files.header import header_mistakes
from service.domain.errors import Mistake
from service.domain.nearest import show_known
from service.domain.permits.permit_fields import DATES, FIELDS, REQUIRED
from service.domain.untrusted.spreadsheet_cells import unwrap_cell
from service.domain.untrusted.text import remove_invisible, show_value
from service.formats.mapping import to_iso_date


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMapping:
    """A mapping from a register's columns and words to permit fields.

    `columns` maps a column to a field; several may map to `phones`, in order of
    preference. A file may lack the columns in `optional`. `values` maps, per field,
    the register's words to ours. `constants` are the same in every row. `date_format`
    is strptime's; None means ISO. `source` names the register, which is stale after
    `max_age_days`.
    """

    columns: Mapping[str, str]
    optional: Collection[str] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    ignore: Collection[str] = ()
    date_format: str | None = None
    encoding: str = "utf-8-sig"
    source: str | None = None
    max_age_days: int | None = None

    def header_mistakes(self, header: Sequence[str]) -> Iterator[Mistake]:
        """List what is wrong with a header; an unmapped column is a mistake."""
        return header_mistakes(
            header,
            known={*self.columns, *self.ignore},
            required=[name for name in self.columns if name not in self.optional],
            expected=f"one of {', '.join(self.columns)}; or a mapping to name it",
        )

    def read_fields(
        self, raw: Mapping[str, str]
    ) -> tuple[dict[str, object], list[Mistake]]:
        """Return the permit fields of a row, and the mistakes in the others."""
        fields: dict[str, object] = dict(self.constants)
        mistakes: list[Mistake] = []
        for column, name in self.columns.items():
            if column in raw:
                text = self._field_value(name, _cell(name, raw[column]), mistakes)
                fields[name] = f"{fields[name]};{text}" if name in fields else text
        return fields, mistakes

    def _field_value(self, name: str, text: str, mistakes: list[Mistake]) -> str:
        words = self.values.get(name)
        if words is not None:
            return self._translate(name, text, words, mistakes)
        if not text or self.date_format is None or name not in DATES:
            return text
        day = to_iso_date(text, self.date_format)
        if day is None:
            expected = f"a date written {self.date_format}"
            mistakes.append(Mistake(name, show_value(text), expected))
        return day or ""

    def _translate(
        self, name: str, text: str, words: Mapping[str, str], mistakes: list[Mistake]
    ) -> str:
        if text and text not in words:
            expected = show_known(text, [*filter(None, words)])
            mistakes.append(Mistake(name, show_value(text), expected))
        return words.get(text, "")


def _cell(name: str, cell: str) -> str:
    """A cell without what a spreadsheet or a copy left around its value."""
    text = unwrap_cell(cell)
    return text if name == "holder" else unwrap_cell(remove_invisible(text))


IDENTITY_MAPPING = RegisterMapping(
    columns={name: name for name in FIELDS},
    optional=[name for name in FIELDS if name not in REQUIRED],
)
"""The mapping of a file whose header is the permit fields themselves."""
