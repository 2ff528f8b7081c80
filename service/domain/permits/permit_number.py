"""The normal form of a permit number: one number, however its cell was written."""

import re
from typing import Final

from service.domain.untrusted.spreadsheet_cells import unwrap_cell, unwrap_float
from service.domain.untrusted.text import fold_marks, remove_invisible

_FULL_WIDTH: Final = {0xFEE0 + code: code for code in range(0x21, 0x7F)}
_FULL_WIDTH_BRACKETS: Final = str.maketrans("()", "（）")
_BLANKS: Final = re.compile(r"\s+")
_WRAPPINGS: Final = "'\"`"


def normalize_number(text: str) -> str:
    """Return a permit number as one types it.

    Full-width characters and typographic dashes become those of a keyboard, a run of
    blanks one space. What nobody sees is left out, and what a spreadsheet put around
    the number (="00123", '00123, 1461260.0) as well. Case and all other signs stay.
    """
    if text.isascii() and text.isalnum():
        return text
    while True:
        plain = fold_marks(remove_invisible(text).translate(_FULL_WIDTH))
        plain = unwrap_cell(_BLANKS.sub(" ", plain)).strip(_WRAPPINGS)
        plain = unwrap_float(unwrap_cell(plain))
        if plain == text:
            return plain
        text = plain


def written_forms(number: str) -> list[str]:
    """The forms in which a register may have a number, the normal one first.

    Chinese numbers have brackets, which most registers write in full width:
    川（2024）001号.
    """
    return [*dict.fromkeys((number, number.translate(_FULL_WIDTH_BRACKETS)))]
