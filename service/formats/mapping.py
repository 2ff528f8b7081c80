"""A mapping file: what the columns and words of a register mean.

```toml
source = "city-register"        # the register's name, shown when it grows stale
max_age_days = 30
rule = "us-nyc-parking"         # the same in every row; or a column for it
authority = "us-nyc"            # likewise; absent: the one in the settings
encoding = "gb18030"            # default utf-8-sig
date_format = "%d/%m/%Y"        # default ISO
ignore = ["internal note"]      # every other column must be mapped
[columns]
"Licence No" = "number"
[values.status]
Current = "active"
```
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, Final, get_args

from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from service.domain.law.rule import Language
from service.domain.permits.permit import PermitStatus
from service.domain.permits.permit_fields import FIELDS, REQUIRED
from service.formats.field_types import Rows, whole
from service.formats.file_model import (
    Expected,
    FileModel,
    Finding,
    Shown,
    expected,
    refuse,
)
from service.formats.parse import parse
from service.formats.platform_types import Encoding

CONSTANTS: Final = ("rule", "authority")
_ALLOWED: Final[dict[str, Collection[str]]] = {
    "status": tuple(PermitStatus),
    "language": get_args(Language),
}
_EXAMPLE: Final = date(2026, 12, 31)
_OLDEST: Final = 3660
"""Days after which a register is stale at the latest: ten years."""


def _permit_field(name: str) -> str:
    if name not in FIELDS:
        raise expected(f"one of {', '.join(FIELDS)}")
    return name


@lru_cache(maxsize=8192)  # a register has far fewer dates than rows
def to_iso_date(text: str, date_format: str) -> str | None:
    """Rewrite a date in ISO form; None where it is not written in that format."""
    try:
        parsed = time.strptime(text, date_format)
        return date(parsed.tm_year, parsed.tm_mon, parsed.tm_mday).isoformat()
    except ValueError:
        return None


Text = Annotated[str, Field(min_length=1), Expected("text")]

Word = Annotated[str, Expected("text")]
"""A word of a register or one of ours; it may be empty."""

_PERMIT_FIELD: Final = {"type": "string", "enum": list(FIELDS)}


class MappingFile(FileModel):
    """From a register's columns and words to permit fields."""

    rule: Text | None = Field(
        default=None, description="the code of the rule, where all rows have the same"
    )
    authority: Text | None = Field(
        default=None,
        description="the code of the office, where all rows have the same; without it "
        "and a column for it, that of the settings",
    )
    columns: dict[
        str,
        Annotated[Word, AfterValidator(_permit_field), WithJsonSchema(_PERMIT_FIELD)],
    ] = Field(
        default={},
        validate_default=True,
        description="from a column's heading to a permit field; several may lead to "
        "phones, in order of preference",
    )
    ignore: Annotated[Rows[str], Expected("a list of column names")] = Field(
        default=(), description="the headings of columns that are not read"
    )
    values: dict[str, dict[str, Word]] = Field(
        default={},
        description="per permit field, from the register's words to ours",
    )
    date_format: Text | None = Field(
        default=None,
        description="how dates are written, in strptime codes; ISO unless given",
        examples=["%d/%m/%Y"],
    )
    encoding: Encoding | None = Field(
        default=None,
        description="the text encoding of the file; utf-8-sig unless given",
        examples=["gb18030"],
    )
    max_age_days: Annotated[int, Field(ge=1, le=_OLDEST), whole(1, _OLDEST)] | None = (
        Field(default=None, description="days after which the register is stale")
    )
    source: Text | None = Field(
        default=None,
        validate_default=True,
        description="the register's name, shown when it is stale",
    )

    @field_validator("columns")
    @classmethod
    def _every_field_once(
        cls, columns: dict[str, str], info: ValidationInfo
    ) -> dict[str, str]:
        constants = [name for name in CONSTANTS if info.data.get(name)]
        refuse(_field_findings(columns, constants))
        return columns

    @field_validator("ignore")
    @classmethod
    def _ignored_are_not_mapped(
        cls, ignore: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        mapped = info.data.get("columns", {})
        refuse(
            ((), name, "a column that is not mapped")
            for name in ignore
            if name in mapped
        )
        return ignore

    @field_validator("values")
    @classmethod
    def _words_of_mapped_fields(
        cls, values: dict[str, dict[str, str]], info: ValidationInfo
    ) -> dict[str, dict[str, str]]:
        mapped = info.data.get("columns")
        refuse(_word_findings(values, None if mapped is None else {*mapped.values()}))
        return values

    @field_validator("date_format")
    @classmethod
    def _date_is_complete(cls, text: str | None) -> str | None:
        if text and to_iso_date(_EXAMPLE.strftime(text), text) != str(_EXAMPLE):
            raise expected("strptime codes for year, month and day, like %Y-%m-%d")
        return text

    @field_validator("source")
    @classmethod
    def _source_of_an_age(cls, source: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("max_age_days") and not source:
            raise expected("the register whose age max_age_days limits")
        return source


def _field_findings(
    columns: Mapping[str, str], constants: Sequence[str]
) -> Iterator[Finding]:
    times = Counter([*columns.values(), *constants])
    for name, count in times.items():
        if count > 1 and name != "phones":
            yield (), Shown(f"{name} {count} times"), "it once"
    for name in REQUIRED:
        if name not in times:
            text = "a column for it" + (", or a constant" * (name in CONSTANTS))
            yield (), Shown(f"nothing for {name}"), text


def _word_findings(
    values: Mapping[str, Mapping[str, str]], mapped: Collection[str] | None
) -> Iterator[Finding]:
    for name, words in values.items():
        if mapped is not None and name not in mapped:
            yield name, Shown("a field without a column"), "a mapped one"
        allowed = _ALLOWED.get(name)
        for word, ours in words.items():
            if allowed and ours not in allowed:
                yield (name, word), ours, " or ".join(allowed)


def parse_mapping(values: Mapping[str, object], where: str) -> MappingFile:
    """Check a mapping; raises `InvalidError` at `where` with all its mistakes."""
    return parse(MappingFile, values, where)
