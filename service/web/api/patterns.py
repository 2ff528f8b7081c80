"""Regular expressions that tell callers what the domain accepts.

They are made from what the domain checks with, in the syntax that JSON Schema shares
with Python and JavaScript: https://json-schema.org/understanding-json-schema/reference/regular_expressions
"""

from calendar import isleap
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from service.domain.untrusted.raw_fields import YEARS
from service.domain.untrusted.text import BLANKS, CONTROL_CHARACTERS

_SURROGATES: Final = "\ud800-\udfff"
"""No JSON in UTF-8 has them, and not every engine knows them."""


def _escaped(characters: str) -> str:
    return "".join(one if one == "-" else _escape(ord(one)) for one in characters)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004


def _any_of(numbers: Iterable[int]) -> str:
    return "|".join(f"{number:04}" for number in numbers)


_CONTROLS: Final = _escaped(
    CONTROL_CHARACTERS.pattern.strip("[]").replace(_SURROGATES, "")
)
_BLANK: Final = f"[{_escaped(BLANKS)}]*"
_VISIBLE: Final = f"[^{_CONTROLS}{_escaped(CONTROL_CHARACTERS.sub('', BLANKS))}]"

WORDS: Final = f"{_VISIBLE}([^{_CONTROLS}]*{_VISIBLE})?"
"""Some words in one line, without blanks around them."""

LINE: Final = f"^{_BLANK}{WORDS}{_BLANK}$"
"""One line that is not blank."""

OPTIONAL_LINE: Final = f"^{_BLANK}({WORDS})?{_BLANK}$"
"""One line; a blank one counts as absent."""

_YEAR: Final = "(19[5-9][0-9]|2[01][0-9][0-9]|2200)"
_LEAP_YEAR: Final = _any_of(filter(isleap, YEARS))

DAY: Final = (
    f"({_YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)"
    f"|(0[13578]|1[02])-31)|({_LEAP_YEAR})-02-29)"
)
"""A day that there is, of the years that the domain takes."""

_LONG_YEAR: Final = _any_of(
    year
    for year in YEARS
    if date(year, 12, 28).isocalendar().week == 53  # noqa: PLR2004
)

WEEK: Final = f"^({_YEAR}-W(0[1-9]|[1-4][0-9]|5[0-2])|({_LONG_YEAR})-W53)$"
"""An ISO week that there is, such as 2024-W05."""


def line_schema(longest: int) -> dict[str, Any]:
    """The schema of one line that is not blank."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": LINE}
