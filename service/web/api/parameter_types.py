"""Values of parameters, read as strictly as a permit's fields, by the same code."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from service.domain.formats.operator_request import LONGEST_REASON
from service.domain.formats.permit_fields import narrow
from service.domain.formats.raw import Raw

LONGEST = 64
"""Characters of a code or number, as in `permit_from`."""


def _day(value: object) -> date:
    raw = Raw({"day": value})
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


def _line(value: object) -> str:
    raw = Raw({"line": value})
    line = raw.required("line", LONGEST, "")
    if raw.mistakes:
        raise ValueError
    return line


def _whole(value: object) -> int:
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


def _mark(value: object) -> str:
    permit, expires_on, step = str(value).split(".", 2)
    _day(expires_on)
    return f"{permit}.{expires_on}.{step}"


def _reason(value: object) -> str:
    raw = Raw({"reason": value})
    reason = raw.required("reason", LONGEST_REASON, "")
    if raw.mistakes:
        raise ValueError
    return reason


# Left to itself pydantic takes 0 and "0" for a day of 1970.
Day = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})
]
"""A local date, ISO only, from 1950 to 2200."""

Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware instant, ISO only."""

Line = Annotated[str, BeforeValidator(_line), Field(min_length=1, max_length=LONGEST)]
"""One line of text without control characters, not blank."""

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""A UUID, in small letters."""

Mark = Annotated[
    str,
    BeforeValidator(_mark),
    Field(pattern=r"^[0-9a-f-]{36}\.[0-9]{4}-[0-9]{2}-[0-9]{2}\.[a-z0-9-]{1,40}$"),
]
"""Where a page of reminders ends: permit, expiry date, step."""

Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number in plain digits."""

# The bounds stand first: after the validator a schema would not show them as such.
Limit = Annotated[
    int,
    Field(ge=1, le=500, description="a whole number from 1 to 500"),
    BeforeValidator(_whole),
]
"""How many a page may hold."""

Cursor = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
"""Where a page of rows that are named by a UUID ends."""

Flag = Annotated[bool, BeforeValidator(_flag)]
"""true or false."""

Reason = Annotated[
    str, BeforeValidator(_reason), Field(min_length=1, max_length=LONGEST_REASON)
]
"""Why somebody does what the service advises against."""

Number = Annotated[Line, AfterValidator(narrow)]
"""A permit's number, full-width digits and letters made ASCII."""
