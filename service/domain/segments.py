"""How many billed segments an SMS text takes.

The alphabets are those of 3GPP TS 23.038: the GSM-7 default table, and the extension
table whose characters cost two septets. Whatever lies outside both turns the whole
text into UCS-2, counted in UTF-16 units.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Literal

BASIC = frozenset(
    ascii_letters
    + digits
    + " \n\r!\"#$%&'()*+,-./:;<=>?@_"
    + "£¥¤§¡¿èéùìòàÇØøÅåÆæßÉÄÖÑÜäöñü"
    + "ΔΦΓΛΩΠΨΣΘΞ"
)
EXTENSION = frozenset("^{}[]~|\\€\f")
ALPHABET = BASIC | EXTENSION
LAST_OF_ONE_UNIT = "\uffff"


@dataclass(frozen=True, slots=True)
class Size:
    """A text as the network bills it.

    `units` are septets in GSM-7 and UTF-16 units in UCS-2. `forcing` are the
    characters that force UCS-2, in order of appearance, each once.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int
    forcing: tuple[str, ...] = ()


def measure(text: str) -> Size:
    """Count units and segments; an empty text still takes one.

    One segment holds 160 septets or 70 units; a longer text is cut into parts of 153
    or 67. An extension pair or a surrogate pair is never cut in two, so that a part
    may end one unit short.
    """
    forcing = tuple(dict.fromkeys(c for c in text if c not in ALPHABET))
    if forcing:
        widths = [2 if c > LAST_OF_ONE_UNIT else 1 for c in text]
        return Size("UCS-2", sum(widths), _segments(widths, 70, 67), forcing)
    widths = [2 if c in EXTENSION else 1 for c in text]
    return Size("GSM-7", sum(widths), _segments(widths, 160, 153))


def _segments(widths: Iterable[int], alone: int, part: int) -> int:
    total, count, used = 0, 1, 0
    for width in widths:
        total += width
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return 1 if total <= alone else count
