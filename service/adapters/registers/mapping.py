"""What the columns of a register mean."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from zoneinfo import ZoneInfo

from service.adapters.files.header import header_mistakes
from service.domain.errors import Mistake
from service.domain.permits.lookup import Lookup
from service.domain.permits.permit_fields import FIELDS, REQUIRED
from service.domain.permits.register_view import RegisterView
from service.domain.permits.row_permit import RowPermit
from service.domain.permits.snapshot_scope import SnapshotScope
from service.domain.permits.worker_import import WorkerImport

NO_OFFICE: Final = ""
"""The key in `RegisterMapping.zones` of rows that name no office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMapping:
    """A mapping from a register's columns and words to permit fields.

    `columns` maps a column to a field; several may map to `phones`, in order of
    preference. Its file `lists` filed renewals, or else permits, and may lack the
    columns in `optional`. With `permits`, a row states several permits, which share
    columns and constants. `values` maps, per field, the register's words to ours or to
    ACTIONS. `constants` are the same in every row.
    `date_format` and `date_formats` are those of `DateForms`, a mapping by column.
    `zones` has the zone of each office. `width` is in digits. `roles` says whose
    phones a column has. `ignore` may have * for any characters. `source` names the
    register, which is stale after `max_age_days`.
    `lookup` is how the register is asked about one permit. `snapshot` says which of its
    permits a full export names, `worker` how a worker imports it, `view` where its rows
    are in a database. `encoding`, `delimiter`, `header_line` and `sheet` say how its
    file is read; None where that is found.
    """

    columns: Mapping[str, str]
    lists: Literal["filed"] | None = None
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
    roles: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    sheet: str | None = None
    source: str | None = None
    max_age_days: int | None = None
    lookup: Lookup | None = None
    snapshot: SnapshotScope | None = None
    worker: WorkerImport = field(default_factory=WorkerImport)
    view: RegisterView | None = None

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

    def columns_of(self, field_name: str) -> list[str]:
        """The columns that become a field."""
        tables = [self.columns, *(one.columns for one in self.permits)]
        return [
            column
            for table in tables
            for column, name in table.items()
            if name == field_name
        ]

    @property
    def required(self) -> list[str]:
        """The columns that a file must have."""
        return [name for name in self.mapped if name not in self.optional]

    def ignores(self, column: str) -> bool:
        """Whether nobody needs a column that is not mapped."""
        return any(re.fullmatch(_pattern(one), column) for one in self.ignore)

    def formats_of(self, column: str) -> tuple[str, ...]:
        """The formats of the dates in a column, beside those certain by themselves."""
        everywhere = (self.date_format,) if self.date_format else ()
        if isinstance(self.date_formats, tuple):
            return self.date_formats or everywhere
        return self.date_formats.get(column, everywhere)


def _pattern(heading: str) -> str:
    """A regular expression for a heading in which * is any text."""
    return ".*".join(map(re.escape, heading.split("*")))


IDENTITY_MAPPING = RegisterMapping(
    columns={name: name for name in FIELDS},
    optional=[name for name in FIELDS if name not in REQUIRED],
)
"""The mapping of a file whose header is the permit fields themselves."""
