"""A phone number, the kind of line it belongs to, and its country code."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class PhoneLine(StrEnum):
    """The kind of line; only a mobile line can receive a text."""

    MOBILE = "mobile"
    FIXED = "fixed"
    INVALID = "invalid"


EXTENSION: Final = ";ext="
"""Stands before the digits of an extension, as in RFC 3966."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, or the register's own text where the line is invalid.

    An extension belongs to the number, "+12125550142;ext=12": the same number without
    it may be somebody's mobile.

    The repr leaves the number out, so that no traceback or log shows it.
    """

    number: str = field(repr=False)
    line: PhoneLine

    @property
    def without_extension(self) -> str:
        """The number itself."""
        return self.number.partition(EXTENSION)[0]


_COUNTRY_CODE: Final = re.compile(
    r"\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})"
)
"""Zones 1 and 7 have codes of one digit, the named ones have two, all others three:
list of ITU-T Recommendation E.164 assigned country codes."""


def country_code(number: str) -> str:
    """Return the country code of a number in E.164, with its plus: +1, +86, +852.

    Returns the whole text if it does not begin with a country code.
    """
    found = _COUNTRY_CODE.match(number)
    return found[0] if found else number
