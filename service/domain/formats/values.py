"""Readers of single values: what a file or a stored rule may say, and in which form.

Each takes what TOML or JSON gave, so a date may also be its ISO text, and raises
`ExpectedError` with the words that go into the mistake.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from service.domain.law.period import Period, PeriodError
from service.domain.untrusted.text import CONTROL_CHARACTERS

Word = TypeVar("Word", bound=str)

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TAIL: Final = re.compile(r"last ([1-9]|[12][0-9]|3[0-2])")
_SENDER: Final = re.compile(
    r"\+[1-9][0-9]{7,14}|[0-9]{5,6}|MG[0-9a-fA-F]{32}"
    r"|(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 ]{1,11}",
    re.ASCII,
)
_FASTEST: Final = 1000
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class ExpectedError(ValueError):
    """What a reader wanted instead of the value it was given."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        super().__init__(f"expected {expected}")


def text(value: object) -> str:
    """Read words that are not blank, in one line: they may stand in a text."""
    if (
        isinstance(value, str)
        and value.strip()
        and not CONTROL_CHARACTERS.search(value)
    ):
        return value.strip()
    expected = "some text in one line"
    raise ExpectedError(expected)


def slug(value: object) -> str:
    """Read a stable name such as "cn-food-production-license" or "990000"."""
    if isinstance(value, str) and _SLUG.fullmatch(value):
        return value
    expected = "small letters and digits joined by hyphens"
    raise ExpectedError(expected)


def flag(value: object) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    expected = "true or false"
    raise ExpectedError(expected)


def whole(least: int) -> Callable[[object], int]:
    """Read a whole number from `least` on."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        expected = f"a whole number from {least}"
        raise ExpectedError(expected)

    return read


def day(value: object) -> date:
    """Read a local date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    expected = "a date like 2026-12-31"
    raise ExpectedError(expected)


def clock_time(value: object) -> time:
    """Read a local time of day."""
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(text(value))
    except ValueError:
        expected = "a time like 09:30:00"
        raise ExpectedError(expected) from None


def zone(value: object) -> ZoneInfo:
    """Read the name of a time zone of the IANA database."""
    try:
        return ZoneInfo(text(value))
    except (ValueError, LookupError, OSError):
        expected = "a time zone like Asia/Shanghai"
        raise ExpectedError(expected) from None


def one_of(allowed: Collection[Word]) -> Callable[[object], Word]:
    """Read one of the words allowed."""

    def read(value: object) -> Word:
        for word in allowed:
            if word == value:
                return word
        expected = f"one of {', '.join(sorted(allowed))}"
        raise ExpectedError(expected)

    return read


def period(value: object) -> Period:
    """Read a period such as "60 days before closing"."""
    try:
        return Period.parse(text(value))
    except PeriodError as error:
        raise ExpectedError(error.expected) from None


def legal_edge(value: object) -> Period:
    """Read an edge that a law sets: counted from expiry, its days qualified."""
    found = period(value)
    if found.anchor != "expiry":
        expected = "a legal edge counted from expiry"
        raise ExpectedError(expected)
    if found.amount and found.unit == "day" and found.kind is None:
        expected = "working, calendar or, where the law says only days, unqualified"
        raise ExpectedError(expected)
    return found


def step_time(value: object) -> Period:
    """Read when we text: our own choice, so never days of an unsaid kind."""
    found = period(value)
    if found.kind == "unqualified":
        expected = "plain days, which are calendar days, or working days"
        raise ExpectedError(expected)
    return found


def rate(value: object) -> float:
    """Read how many a second."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and 0 < float(str(value)) <= _FASTEST:
        return float(str(value))
    expected = f"a number above 0 and up to {_FASTEST}"
    raise ExpectedError(expected)


def sender(value: object) -> str:
    """Read who texts come from: a number, a messaging service, a short name.

    twilio.com/docs/glossary: E.164, MG and 32 hexadecimal digits, short codes, and
    alphanumeric sender ids of up to 11 characters.
    """
    if isinstance(value, str) and _SENDER.fullmatch(value):
        return value
    expected = "a number like +15005550006, a short code, MG…, or a name of 11 letters"
    raise ExpectedError(expected)


def tail(value: object) -> int:
    """Read how much of a number identifies a permit: "last 4"."""
    found = _TAIL.fullmatch(value) if isinstance(value, str) else None
    if found:
        return int(found[1])
    expected = '"last 4", up to last 32'
    raise ExpectedError(expected)


def clause(max_length: int) -> Callable[[object], str]:
    """Read words that fit into a sentence of an SMS."""

    def read(value: object) -> str:
        words = text(value)
        if len(words) <= max_length and words[-1] not in "。.；;":
            return words
        expected = f"at most {max_length} characters and no full stop"
        raise ExpectedError(expected)

    return read


def mapping(value: object) -> Mapping[str, object]:
    """Read a table."""
    if isinstance(value, Mapping):
        return value
    expected = "a table"
    raise ExpectedError(expected)


def mappings(least: int) -> Callable[[object], Sequence[Mapping[str, object]]]:
    """Read a list of at least so many tables."""

    def read(value: object) -> Sequence[Mapping[str, object]]:
        if isinstance(value, list) and len(value) >= least:
            return [mapping(one) for one in value]
        expected = f"a list of {least} or more tables"
        raise ExpectedError(expected)

    return read
