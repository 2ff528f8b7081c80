"""Types of values in a mapping file, the table of one permit, and what goes wrong."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)

from service.domain.law.rule import Language
from service.domain.permits.filing import FILING_FIELDS, FILING_REQUIRED, FilingState
from service.domain.permits.permit import PermitStatus
from service.domain.permits.permit_fields import FIELDS, REQUIRED
from service.domain.permits.phone import ContactRole
from service.domain.permits.row_permit import ACTIONS, RowPermit
from service.domain.permits.snapshot_scope import SnapshotScope
from service.domain.untrusted.raw_fields import YEARS
from service.domain.untrusted.written_date import is_complete
from service.formats.field_types import Rows, whole
from service.formats.file_model import (
    LIST,
    TABLE,
    Expected,
    FileModel,
    Finding,
    Shown,
    Wanted,
    expected,
)

CONSTANTS: Final = ("rule", "authority")
"""Fields whose constant has a key of its own."""

FILED: Final = "filed"
"""As `lists`: a file of filed renewals, not of permits."""

_FIELDS: Final = {FILED: FILING_FIELDS}
_REQUIRED: Final = {FILED: FILING_REQUIRED}
_STATUSES: Final[dict[str, Collection[str]]] = {FILED: tuple(FilingState)}
"""By what a file lists; unless said, those of permits."""

_PERMIT_FIELD: Final = {"type": "string", "enum": list(FIELDS)}


def _permit_field(name: str) -> str:
    if name not in FIELDS:
        raise expected(f"one of {', '.join(FIELDS)}")
    return name


def _date_format(text: str) -> str:
    if not is_complete(text):
        raise expected(
            "strptime codes for year, month and day, like %Y-%m-%d; excel, excel-1904 "
            "or minguo"
        )
    return text


NEEDS_SOURCE: Final = {
    "max_age_days": "the register whose age max_age_days limits",
    "lookup": "the register that lookup asks",
    "lists": "the register whose permits are renewed",
    "snapshot": "the register that the snapshot is of",
    "worker": "the register that the worker imports",
    "view": "the register that the view has",
}
"""By key, what the register's name stands for."""

Text = Annotated[str, Field(min_length=1), Expected("text")]

LONGEST_SOURCE: Final = 80

Source = Annotated[
    Text, Field(max_length=LONGEST_SOURCE), Expected("text of 1 to 80 characters")
]

Word = Annotated[str, Expected("text")]
"""A word of a register or one of ours; it may be empty."""

PermitField = Annotated[
    Word, AfterValidator(_permit_field), WithJsonSchema(_PERMIT_FIELD)
]

Role = Annotated[
    Literal["representative", "manager", "agent"], Expected(" or ".join(ContactRole))
]
"""Whose phones a column has."""

Lists = Annotated[Literal["filed"], Expected(f'"{FILED}", or no such key')]
"""What a file lists, unless it lists permits."""

_LAST_CENTURY: Final = YEARS[-1] - 99

Century = Annotated[
    int, Field(ge=YEARS[0], le=_LAST_CENTURY), whole(YEARS[0], _LAST_CENTURY)
]
"""The year with which a hundred begin."""

_LAST_HEADER: Final = 50  # titles above one take a few rows
HeaderLine = Annotated[int, Field(ge=1, le=_LAST_HEADER), whole(1, _LAST_HEADER)]
"""The line of a header."""

_OLDEST: Final = 3660  # ten years
MaxAge = Annotated[int, Field(ge=1, le=_OLDEST), whole(1, _OLDEST)]
"""Days after which a register is stale."""

_WIDEST: Final = 64  # digits of the longest permit number
Width = Annotated[int, Field(ge=1, le=_WIDEST), whole(1, _WIDEST)]
"""How many digits values have."""

DateFormat = Annotated[Text, AfterValidator(_date_format)]
"""How a column writes days."""

_DateFormats = Rows[DateFormat]


def _kind(value: object) -> str:
    return TABLE if isinstance(value, Mapping) else LIST


DateFormats = Annotated[
    Annotated[_DateFormats, Tag(LIST)] | Annotated[dict[str, _DateFormats], Tag(TABLE)],
    Discriminator(_kind),
]
"""The formats of all columns, or of each column by its heading."""


class PermitTable(FileModel):
    """One of several permits that a row states: its type and its own columns."""

    rule: Text | None = Field(default=None, description="the code of its rule")
    columns: Annotated[dict[str, PermitField], Wanted("a table")] = Field(
        description="from the headings of its own columns to permit fields; where all "
        "are empty, the row has no such permit"
    )

    def to_domain(self) -> RowPermit:
        """The permit as the reader of rows knows it."""
        return RowPermit(**self.given())


class SnapshotTable(FileModel):
    """Which permits of the register a full export names, all of them."""

    authorities: Rows[Text] = Field(
        default=(),
        description="the codes of the offices whose permits it names, with those "
        "below them; all unless given",
    )
    rules: Rows[Text] = Field(
        default=(),
        description="the codes of the rules of these permits; all unless given",
    )

    def to_domain(self) -> SnapshotScope:
        """The scope as the import knows it."""
        return SnapshotScope(**self.given())


def all_columns(info: ValidationInfo) -> dict[str, str] | None:
    """The columns of all permits of a row; None if there are mistakes in them."""
    if not {"columns", "permits"} <= info.data.keys():
        return None
    mapped: dict[str, str] = dict(info.data["columns"])
    for table in info.data["permits"]:
        mapped |= table.columns
    return mapped


def constant_findings(constants: Collection[str]) -> Iterator[Finding]:
    """Find constants of no permit field, and those that have keys of their own."""
    for name in constants:
        if name in CONSTANTS:
            yield name, Shown("a constant with a key of its own"), f"{name} at the top"
        elif name not in FIELDS:
            yield name, Shown("an unknown field"), f"one of {', '.join(FIELDS)}"


def field_findings(
    columns: Mapping[str, str],
    constants: Collection[str],
    permits: Sequence[PermitTable],
    lists: str | None,
) -> Iterator[Finding]:
    """Find fields that a row has twice, lacks or must not have, and columns with two.

    A row states what the file `lists`: permits unless given.
    """
    required = _REQUIRED.get(lists or "", REQUIRED)
    if not permits:
        yield from _findings_of_one([*columns.values(), *constants], "", required)
    for at, table in enumerate(permits, start=1):
        rule = ["rule"] if table.rule else []
        names = [*columns.values(), *constants, *table.columns.values(), *rule]
        yield from _findings_of_one(names, f" in permits[{at}]", required)
    fields = _FIELDS.get(lists or "", FIELDS)
    for key, name in [*columns.items(), *((name, name) for name in constants)]:
        if name not in fields:
            yield key, name, f"one of {', '.join(fields)}"
    repeated = Counter([*columns, *(name for one in permits for name in one.columns)])
    for name, count in repeated.items():
        if count > 1:
            yield name, Shown("a column with several meanings"), "it once"


def _findings_of_one(
    names: Iterable[str], where: str, required: Collection[str]
) -> Iterator[Finding]:
    times = Counter(names)
    for name, count in times.items():
        if count > 1 and name != "phones":
            yield (), Shown(f"{name} {count} times{where}"), "it once"
    for name in required:
        if name not in times:
            text = "a column for it" + (", or a constant" * (name in CONSTANTS))
            yield (), Shown(f"nothing for {name}{where}"), text


def column_findings(
    names: Iterable[str], columns: Mapping[str, str], fields: Collection[str]
) -> Iterator[Finding]:
    """Find columns that are not mapped to one of `fields`."""
    for name in names:
        if columns.get(name) not in fields:
            listed = "a permit field" if fields == FIELDS else " or ".join(fields)
            yield name, Shown("a column of another kind"), f"one mapped to {listed}"


def word_findings(
    values: Mapping[str, Mapping[str, str]],
    columns: Mapping[str, str] | None,
    lists: str | None,
) -> Iterator[Finding]:
    """Find words for fields without a column, and words that mean no value of ours."""
    statuses = _STATUSES.get(lists or "", tuple(PermitStatus))
    allowed_by_field = {"status": statuses, "language": get_args(Language)}
    for name, words in values.items():
        if columns is not None and name not in columns.values():
            yield name, Shown("a field without a column"), "a mapped one"
        allowed = allowed_by_field.get(name)
        for word, ours in words.items():
            if allowed and ours not in {*allowed, *ACTIONS}:
                yield (name, word), ours, " or ".join([*allowed, *ACTIONS])
