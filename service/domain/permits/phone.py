"""A phone number, and what can be reached by it."""

from dataclasses import dataclass, field
from enum import StrEnum


class PhoneLine(StrEnum):
    """What can be reached at the other end; only a mobile line takes a text."""

    MOBILE = "mobile"
    FIXED = "fixed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Phone:
    """One number: in E.164, or the register's own text where the line is invalid.

    Its repr leaves the number out, so that a traceback or a log cannot tell it.
    """

    number: str = field(repr=False)
    line: PhoneLine
