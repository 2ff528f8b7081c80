"""How many billed segments the text of an SMS takes.

The alphabets are those of 3GPP TS 23.038: the GSM-7 default table, and the extension
table whose characters take two septets. One character outside both turns the whole text
into UCS-2, counted in UTF-16 units.
"""

from collections.abc import Collection
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
class SmsSize:
    """The size of a text as carriers bill it; `units` are septets or UTF-16 units."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def characters_outside_gsm7(text: str) -> tuple[str, ...]:
    """List the characters outside GSM-7, in order of appearance, each once.

    A single one makes carriers send, and bill, the whole text in UCS-2.
    """
    return tuple([c for c in dict.fromkeys(text) if c not in ALPHABET])


def measure(text: str) -> SmsSize:
    """Count units and segments; an empty text still takes one.

    One segment holds 160 septets or 70 units; a longer text is cut into parts of 153
    or 67. An extension pair or a surrogate pair is never cut in two, so a part may be
    one unit shorter.
    """
    if ALPHABET.issuperset(text):
        wide = [] if EXTENSION.isdisjoint(text) else [c for c in text if c in EXTENSION]
        return SmsSize("GSM-7", *_cut(text, wide, 160, 153))
    pairs = len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text)
    wide = [c for c in text if c > LAST_OF_ONE_UNIT] if pairs else []
    return SmsSize("UCS-2", *_cut(text, wide, 70, 67))


def _cut(text: str, wide: Collection[str], alone: int, part: int) -> tuple[int, int]:
    """Units and segments of a text in which some characters take two units."""
    units = len(text) + len(wide)
    if units <= alone:
        return units, 1
    if not wide:
        return units, -(-units // part)
    count, used, double = 1, 0, frozenset(wide)
    for character in text:
        width = 2 if character in double else 1
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return units, count
