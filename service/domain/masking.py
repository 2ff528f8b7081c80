"""Masked phone and permit numbers, so that nobody can call or identify a person."""

import unicodedata

_SHOWN_TAIL = 4
_LONG_ENOUGH_FOR_A_HEAD = 10
_LONG_ENOUGH_FOR_A_TAIL = 5


def mask_phone(text: str) -> str:
    """Star the middle of a number: "+1212***0142", "138****0000".

    Ten or more digits keep the first three and the last four, five to nine keep the
    last two, fewer keep none. All other characters but a leading + are removed.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(filter(str.isdecimal, plain))
    plus = "+" if plain.startswith("+") else ""
    if len(digits) >= _LONG_ENOUGH_FOR_A_HEAD:
        head, tail = 3 + len(plus), _SHOWN_TAIL
    else:
        head, tail = 0, 2 if len(digits) >= _LONG_ENOUGH_FOR_A_TAIL else 0
    head = min(head, max(0, len(digits) - tail - 3))
    hidden = max(3, len(digits) - head - tail)
    return plus + digits[:head] + "*" * hidden + digits[len(digits) - tail :]


def mask_number(text: str, tail: int) -> str:
    """Reduce a permit number to its last `tail` characters: "***0142".

    At most half of the number is shown, even if `tail` is longer.
    """
    shown = max(0, min(tail, len(text) // 2))
    return "***" + text[len(text) - shown :]
