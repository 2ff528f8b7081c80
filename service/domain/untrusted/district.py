"""District codes of GB/T 2260, as registers write them.

Which codes there are changes every year: only the form is looked at.
"""

import re
import unicodedata
from typing import Final

from service.domain.untrusted.spreadsheet_cells import (
    is_placeholder,
    unwrap_cell,
    unwrap_float,
)
from service.domain.untrusted.text import remove_invisible

DISTRICT_EXPECTED: Final = "six digits, like 110101"

_CODE: Final = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{4}"
)
"""The first two digits are those of a province: GB/T 2260-2007, 表 1."""

_LONGEST: Final = 64
"""Characters of what is no code and only named in a warning."""


def read_district(text: str) -> str | None:
    """The code without what a spreadsheet made of it; else the text, cut short.

    None if nothing stands there.
    """
    if is_district(text):
        return text
    plain = unicodedata.normalize("NFKC", remove_invisible(text[:_LONGEST]))
    found = unwrap_float(unwrap_cell(plain))
    return None if is_placeholder(found) else found or None


def is_district(text: str) -> bool:
    """Whether it has the form of a code."""
    return bool(_CODE.fullmatch(text))
