"""Codes of holders that prove themselves by their last character."""

import re
from operator import mul
from typing import Final

_CREDIT_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_CREDIT_VALUES: Final = {
    one: at for at, one in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")
}
_CREDIT_WEIGHTS: Final = (*(pow(3, place, 31) for place in range(17)), 1)

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
    values = map(_CREDIT_VALUES.__getitem__, code)
    weighted: int = sum(map(mul, values, _CREDIT_WEIGHTS))
    return weighted % 31 == 0


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
