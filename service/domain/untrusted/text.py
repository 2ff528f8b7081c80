"""Text from outside: what its characters are, and how an error may repeat it."""

import re
from typing import Final

from service.domain.masked_text import mask_text
from service.domain.masking import mask_phone

CONTROL_CHARACTERS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Characters that may not stand in one line of text, half of a pair included."""

_HALVES: Final = re.compile("[\ud800-\udfff]")

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point of the Unicode Character Database (file
DerivedCoreProperties.txt): soft hyphens, direction marks, joiners, tags."""

_TYPOGRAPHIC: Final = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-")
    | dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201f\u2033", '"')
)

BLANKS: Final = " \t\r\n\v\f\u00a0\u2007\u202f\u3000\u200b\u2060\ufeff"
"""Characters that are removed around a value, invisible ones among them."""


def is_utf8(text: str) -> bool:
    """Whether a text can be stored: it has no half of a character."""
    return not _HALVES.search(text)


_READ: Final = 20
"""Characters looked at for each one shown: masks are shorter than what they hide."""

_SHOWN: Final = 40
"""Characters of a value that an error repeats."""

_NUMBER_FIELDS: Final = frozenset({"number", "replaces"})
_PHONE_FIELDS: Final = frozenset({"phones", "phone"})

_FEWEST_HIDDEN: Final = 5
"""Digits from which on a value in a field for phones is no word, such as "none"."""

_LONG_DIGITS: Final = re.compile(
    r"""
      (?<!\d)(?P<date>
        (?: (?:19|2[0-2])\d\d[-/.年\ ]\d{1,2}[-/.月\ ]\d{1,2}日?
          | \d{1,2}[-/.\ ]\d{1,2}[-/.\ ](?:19|2[0-2])\d\d
          | (?:19|2[0-2])\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]) )
        (?!\d)
        (?: [T\ ]{1,2}
          (?: \d{1,2}:\d\d (?: :\d\d(?:\.\d+)? )? | \d{4}(?:\d\d)? ) (?!\d)
        )?
      )
    | \+?\d(?:(?:[^\w*]|_){0,4}\d){8,}
    """,
    re.VERBOSE,
)
"""A date, right or wrong, with its time; or digits that may be a person's number."""


def strip_blanks(text: str) -> str:
    """Remove the blanks around a value, the invisible ones as well."""
    return text.strip(BLANKS)


def remove_invisible(text: str) -> str:
    """Remove what nobody sees and no number, code or date needs: direction marks, …."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def fold_marks(text: str) -> str:
    """Turn typographic dashes and quotes into those of a keyboard."""
    return text if text.isascii() else text.translate(_TYPOGRAPHIC)


def show_value(found: object) -> str:
    """Show a wrong value as an error may: a text in quotes, a structure by its kind."""
    if isinstance(found, str):
        return f"'{safe_label(strip_blanks(found))}'"
    if isinstance(found, bool | int | float):
        return safe_label(str(found))
    return f"a {type(found).__name__}"


def show_field(name: str, found: object) -> str:
    """Show a wrong value of a field of a permit or a request, masked by its field.

    The number of a permit stays readable unless it looks like a phone. In a field for
    phones nearly all digits are masked, in any other each run of nine or more, because
    a mistyped phone or identity number looks like neither. Dates stay readable.
    """
    if name in _NUMBER_FIELDS or isinstance(found, bool):
        return show_value(found)
    if name in _PHONE_FIELDS and isinstance(found, str | int | float):
        text = str(found)
        if sum(map(str.isdecimal, text)) < _FEWEST_HIDDEN:
            return show_value(found)
        masked = safe_label(mask_phone(text))
        return f"'{masked}'" if isinstance(found, str) else masked
    return show_private(found)


def show_private(found: object) -> str:
    """Show a wrong value with each run of nine or more digits masked, but dates."""
    if isinstance(found, int | float) and not isinstance(found, bool):
        return safe_label(mask_digits(str(found)))
    return show_value(mask_digits(found) if isinstance(found, str) else found)


def mask_digits(text: str) -> str:
    """Mask each run of nine or more digits that is no date, with marks in it or not.

    It is for the beginning of an error: of a text much longer the rest is left out.
    """
    return _LONG_DIGITS.sub(
        lambda found: found[0] if found["date"] else mask_phone(found[0]),
        mask_text(text[: _READ * _SHOWN]),
    )


def safe_name(name: str) -> str:
    """Make the name of a field or column fit for one line, masked as its value is."""
    return safe_label(mask_digits(name))


def safe_label(text: str, longest: int = _SHOWN) -> str:
    """Make a text from outside fit for one line: phones masked, the rest cut."""
    text = mask_text(text[: _READ * longest])
    text = text if len(text) <= longest else f"{text[:longest]}…"
    return text if text.isprintable() else repr(text)[1:-1]
