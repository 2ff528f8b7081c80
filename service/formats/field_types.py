"""Types of single values: how people write them, and what a mistake says of them.

TOML has dates and times of its own; in JSON they are ISO text. Both are read.
"""

import re
from datetime import date, datetime, time
from typing import Annotated, Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)

from service.domain.law.period import MONTHS, Period, PeriodError
from service.domain.law.rule import BilingualText
from service.domain.untrusted.text import CONTROL_CHARACTERS
from service.domain.untrusted.time_zone import read_zone
from service.formats.file_model import (
    Expected,
    FileModel,
    Range,
    Wanted,
    expected,
    is_new,
)

T = TypeVar("T")

_TIME: Final = re.compile("([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _without_controls(text: str) -> str:
    if CONTROL_CHARACTERS.search(text):
        raise ValueError
    return text


def _day(value: object) -> object:
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return date.fromisoformat(value)
    if isinstance(value, datetime):
        raise ValueError  # noqa: TRY004 - pydantic takes a ValueError
    return value


def _in_years(day: date, info: ValidationInfo) -> date:
    if is_new(info) and day.year not in _YEARS:
        raise ValueError
    return day


def _time(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _TIME.fullmatch(value.strip()):
        raise ValueError
    return time.fromisoformat(value.strip())


def _minutes(value: time) -> str:
    return value.isoformat("minutes")


_A_ZONE: Final = "a time zone like Asia/Shanghai"


def _zone(value: object) -> ZoneInfo:
    try:
        return value if isinstance(value, ZoneInfo) else read_zone(str(value).strip())
    except LookupError:
        raise expected(_A_ZONE) from None


def _period(value: object) -> Period:
    if isinstance(value, Period):
        return value
    if not isinstance(value, str) or not value.strip():
        raise expected(_A_PERIOD)
    try:
        return Period.parse(value)
    except PeriodError as error:
        raise expected(error.expected) from None


def _legal_edge(value: object) -> Period:
    found = _period(value)
    if found.anchor != "expiry":
        raise expected("a legal edge counted from expiry")
    if found.amount and found.unit == "day" and found.kind is None:
        raise expected(
            "working, calendar or, where the law says only days, unqualified"
        )
    return found


def _step_time(value: object) -> Period:
    found = _period(value)
    if found.yearly_on:
        raise expected("a day counted from opening, closing or expiry")
    if found.kind == "unqualified":
        raise expected("plain days, which are calendar days, or working days")
    return found


_A_PERIOD: Final = 'like "30 working days before expiry" or "on closing"'

_EDGE_PATTERN: Final = (
    "^(on|[1-9][0-9]{0,4} ((working|calendar|unqualified) days?|(week|month|year)s?)"
    " (before|after)"
    f"|on ([1-9]|[12][0-9]|3[01]) ({'|'.join(MONTHS)}) (before|after)) expiry$"
)
_STEP_PATTERN: Final = (
    "^(on|[1-9][0-9]{0,4} ((working |calendar )?days?|(week|month|year)s?)"
    " (before|after)) (opening|closing|expiry)$"
)

LONGEST_LINE: Final = 300
"""Characters of a line; the longest that is shipped has 115."""

LONGEST_SHORT_LINE: Final = 100
"""Characters; a text of two segments has 134 in Chinese, and 306 in plain English."""

LONGEST_SLUG: Final = 64
"""Characters of a code; an address and a list of permits have the same limit."""

_YEARS: Final = range(1900, 2201)
"""Years of dates in files. No law in the catalogue is older, and dates can be added."""

_A_LINE: Final = "some text in one line"

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Range(1, LONGEST_LINE),
    AfterValidator(_without_controls),
    Expected(f"{_A_LINE}, at most {LONGEST_LINE} characters"),
]
"""Words that may stand in a text: not blank, no control characters."""

ShortLine = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Range(1, LONGEST_SHORT_LINE),
    AfterValidator(_without_controls),
    Expected(f"{_A_LINE}, at most {LONGEST_SHORT_LINE} characters"),
]
"""Words that stand in every text."""

Slug = Annotated[
    str,
    Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$"),
    Range(1, LONGEST_SLUG),
    Expected(
        f"small letters and digits joined by hyphens, at most {LONGEST_SLUG} characters"
    ),
]
"""A stable name such as "cn-food-production-license" or "990000"."""

Day = Annotated[
    date,
    BeforeValidator(_day),
    AfterValidator(_in_years),
    WithJsonSchema({"type": "string", "format": "date"}),
    Expected(f"a date like 2026-12-31, from {_YEARS[0]} to {_YEARS[-1]}"),
]
"""A local date."""

TimeOfDay = Annotated[
    time,
    BeforeValidator(_time),
    PlainSerializer(_minutes, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_TIME.pattern}$", "examples": ["09:30"]}
    ),
    Expected("a time like 09:30:00"),
]
"""A local time of day."""

Zone = Annotated[
    ZoneInfo,
    BeforeValidator(_zone),
    WithJsonSchema({"type": "string", "examples": ["Asia/Shanghai"]}),
    Wanted(_A_ZONE),
]
"""A time zone of the IANA database."""

LegalEdge = Annotated[
    Period,
    PlainValidator(_legal_edge),
    PlainSerializer(str, return_type=str),
    Wanted(_A_PERIOD),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _EDGE_PATTERN,
            "examples": [
                "30 working days before expiry",
                "3 months before expiry",
                "on 31 October before expiry",
            ],
        }
    ),
]
"""An edge that a law sets: counted from expiry, its days qualified."""

StepTime = Annotated[
    Period,
    PlainValidator(_step_time),
    PlainSerializer(str, return_type=str),
    Wanted(_A_PERIOD),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _STEP_PATTERN,
            "examples": ["60 days before closing", "5 working days before closing"],
        }
    ),
]
"""When a step texts: our own choice, so its days are calendar days or working days."""


def whole(least: int, most: int) -> Expected:
    """Say that a whole number from `least` to `most` is expected."""
    return Expected(f"a whole number from {least} to {most}")


Rows = Annotated[tuple[T, ...], Field(strict=False)]
"""A list, which the domain keeps as a tuple."""


class Bilingual(FileModel):
    """The same words in Chinese and in English."""

    zh: Line = Field(description="in Chinese")
    en: Line = Field(description="in English")

    def to_domain(self) -> BilingualText:
        """The words as the domain knows them."""
        return BilingualText(**self.given())
