"""What a spreadsheet leaves in a cell: wrappings to take off, and values it ruined."""

import re
from typing import Final

from service.domain.untrusted.text import strip_blanks

_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
_TEXT_MARK: Final = re.compile(r"^'+(?=[\d=])")
_FLOAT: Final = re.compile(r"(\+?\d{1,15})\.0+")
_ERROR: Final = re.compile(
    r"#[¡¿]?[^\W\d_]+(?:/0)?[!?]|#N/A|#NV|#GETTING_DATA|#{3,}|Err:\d{3}"
)
"""Error values of Excel in English and other languages, and of LibreOffice."""
_SHORTENED: Final = re.compile(r"\d+[.,]\d+[Ee][+-]?\d+|\d+[Ee][+-]\d+|\d{16,}\.0+")
_MONTHS: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE: Final = re.compile(
    rf"\d{{1,2}}-{_MONTHS}(?:-\d{{2,4}})?|{_MONTHS}-\d{{2}}|\d{{1,2}}月\d{{1,2}}日"
    r"|\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}"
)
_FORMULA: Final = re.compile(r"=.*|[+\-@]+[A-Za-z.]+\(.*", re.DOTALL)
"""What a spreadsheet runs: =A1, and a function behind another sign, +SUM(A1)."""
_EMPTY: Final = frozenset(
    {
        *("n/a", "#n/a", "none", "nan", "null", "nil", "(null)", "(blank)", "<na>"),
        *("true", "false", "tbd", "unknown", "-", "--", "---", "?"),
        *("无", "暂无", "未知", "不详", "待定"),
    }
)


def unwrap_cell(cell: str) -> str:
    """Take off what makes a cell text: ="00123", '00123; blanks around it as well."""
    text = strip_blanks(cell)
    while text.startswith(("=", "'")):
        formula = _TEXT_FORMULA.fullmatch(text)
        inner = strip_blanks(formula[1] if formula else _TEXT_MARK.sub("", text, 1))
        if inner == text:
            break
        text = inner
    return text


def unwrap_float(text: str) -> str:
    """Turn 1461260.0 into 1461260: a spreadsheet took the digits for a quantity."""
    whole = _FLOAT.fullmatch(text)
    return whole[1] if whole else text


def is_error(text: str) -> bool:
    """Whether a text is a spreadsheet's error: #REF!, #N/A, ########."""
    return text.startswith(("#", "Err:")) and bool(_ERROR.fullmatch(text))


def is_placeholder(text: str) -> bool:
    """Whether a text stands for an empty cell: N/A, None, nan, 无."""
    return text.lower() in _EMPTY


def find_damage(text: str) -> str | None:
    """Say what a spreadsheet made of a number; None if nothing shows.

    Finds errors, placeholders, formulas, dates and numbers that lost their digits:
    1.10000E+12. 4E2096, without point and sign, is what an office printed.
    """
    if is_error(text):
        return "an error of a spreadsheet"
    if is_placeholder(text):
        return "a word for an empty cell"
    if text.isascii() and text.isalnum():  # as most numbers: no mark tells of damage
        return None
    if _SHORTENED.fullmatch(text):
        return "a number that a spreadsheet has shortened"
    if _DATE.fullmatch(text):
        return "a date that a spreadsheet made of it"
    return "a formula" if _FORMULA.fullmatch(text) else None
