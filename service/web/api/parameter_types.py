"""Types of parameters; the code that reads permit fields checks them too."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from service.domain.delivery.operator_request import MAX_REASON_LENGTH
from service.domain.permits.permit_number import normalize_number
from service.domain.untrusted.raw_fields import RawFields
from service.web.api.patterns import DAY, OPTIONAL_LINE, WEEK, line_schema

LONGEST_CODE = 64
"""Characters of a code or permit number; the domain has the same limit."""


def _day(value: object) -> date:
    raw = RawFields({"day": value})
    day = raw.required_day("day")
    if raw.mistakes:
        raise ValueError
    return day


def _instant(value: object) -> datetime:
    text = str(value)
    _day(text[:10])
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError
    return instant


def _line(value: object, longest: int) -> str:
    raw = RawFields({"line": value})
    line = raw.required_text("line", longest, "")
    if raw.mistakes or len(str(value)) > longest:
        raise ValueError
    return line


def _text_line(value: object) -> str:
    return _line(value, LONGEST_CODE)


def _whole_number(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise ValueError
    return int(text)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise ValueError
    return value == "true"


def _reason(value: object) -> str:
    return _line(value, MAX_REASON_LENGTH)


# pydantic alone would read 0 and "0" as a day of 1970.
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{DAY}$"}),
]
"""A local date in ISO form, from 1950 to 2200."""

Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant with its UTC offset, in ISO form."""

TextLine = Annotated[
    str, BeforeValidator(_text_line), WithJsonSchema(line_schema(LONGEST_CODE))
]
"""One line of text, not blank, without control characters."""

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""A UUID in lower case."""

ReminderCursor = Annotated[
    str,
    Field(pattern=rf"^[0-9a-f-]{{36}}\.{DAY}\.[a-z0-9-]{{1,40}}$"),
]
"""The end of a page of reminders: permit, expiry date, step."""

WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
"""A whole number in plain digits."""

# The bounds precede the validator: behind it the schema would not show them.
Limit = Annotated[
    int,
    Field(ge=1, le=500, description="a whole number from 1 to 500"),
    BeforeValidator(_whole_number),
]
"""The most rows of a page."""

PermitCount = Annotated[int, Field(ge=0, le=10**9), BeforeValidator(_whole_number)]
"""A number of permits."""

UuidCursor = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
"""The end of a page whose rows have a UUID."""

Flag = Annotated[bool, BeforeValidator(_flag)]
"""`true` or `false`."""

Reason = Annotated[
    str, BeforeValidator(_reason), WithJsonSchema(line_schema(MAX_REASON_LENGTH))
]
"""Why an operator decides as they do: one line."""

OptionalCode = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "maxLength": LONGEST_CODE, "pattern": OPTIONAL_LINE}
    ),
]
"""A code or number in a body; a blank one counts as absent."""

OptionalReason = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "maxLength": MAX_REASON_LENGTH, "pattern": OPTIONAL_LINE}
    ),
]
"""Why, in a body; a blank one counts as absent."""

IsoWeek = Annotated[
    str,
    BeforeValidator(_text_line),
    WithJsonSchema({"type": "string", "pattern": WEEK}),
]
"""An ISO week such as 2024-W05; the domain says what is wrong with another text."""

PermitNumber = Annotated[TextLine, AfterValidator(normalize_number)]
"""A permit number, in its normal form."""
