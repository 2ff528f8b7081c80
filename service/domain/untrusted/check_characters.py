"""Codes of holders that prove themselves by their last character."""

import re
from typing import Final

_CREDIT_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_CREDIT_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"

_IDENTITY_NUMBER: Final = re.compile(
    r"[1-8]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]"
)
_ROUNDED: Final = re.compile(r"\d{15}000", re.ASCII)
_IDENTITY_CHECKS: Final = "10X98765432"


def is_credit_code(text: str) -> bool:
    """Whether a text is a 统一社会信用代码 with its check character (GB 32100-2015)."""
    code = text.upper()
    if not _CREDIT_CODE.fullmatch(code):
        return False
    *body, check = map(_CREDIT_CHARACTERS.index, code)
    weighted = sum(value * pow(3, place, 31) for place, value in enumerate(body))
    return (weighted + check) % 31 == 0


def has_identity_form(text: str) -> bool:
    """Whether a text has the form of a 身份证号码: region, birthday, order, check."""
    return bool(_IDENTITY_NUMBER.fullmatch(text.upper()))


def is_identity_number(text: str) -> bool:
    """Whether a text is a person's 身份证号码 with its check character (GB 11643)."""
    code = text.upper()
    if not _IDENTITY_NUMBER.fullmatch(code):
        return False
    weighted = sum(
        int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(code[:17])
    )
    return code[17] == _IDENTITY_CHECKS[weighted % 11]


def has_wrong_check(text: str) -> bool:
    """Whether a text has the form of either code, and the check character of none."""
    has_form = _CREDIT_CODE.fullmatch(text.upper()) or has_identity_form(text)
    return bool(has_form) and not (is_credit_code(text) or is_identity_number(text))


def is_rounded_code(text: str) -> bool:
    """Whether a code of 18 digits lost its last three: a spreadsheet keeps 15.

    Its check character tells it from a code that does end in 000.
    """
    if not _ROUNDED.fullmatch(text):
        return False
    return not (is_credit_code(text) or is_identity_number(text))


def is_rounded_identity_number(text: str) -> bool:
    """Whether a person's identity number lost its last three digits in that way."""
    return is_rounded_code(text) and has_identity_form(text)
