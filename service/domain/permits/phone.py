"""A phone number, and the kind of line it belongs to."""

from dataclasses import dataclass, field
from enum import StrEnum


class PhoneLine(StrEnum):
    """The kind of line; only a mobile line can receive a text."""

    MOBILE = "mobile"
    FIXED = "fixed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, or the register's own text where the line is invalid.

    The repr leaves the number out, so that no traceback or log shows it.
    """

    number: str = field(repr=False)
    line: PhoneLine
