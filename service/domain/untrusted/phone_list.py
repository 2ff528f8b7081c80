"""Phones of one cell, taken apart."""

import re
from itertools import pairwise
from typing import Final

_SEPARATORS: Final = ";,/、；，／\r\n"
_SEPARATOR: Final = re.compile(f"[{_SEPARATORS}]")
_PIECE: Final = re.compile(
    rf"(?:\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]|【[^【】]*】|[^{_SEPARATORS}])+"
)
"""What stands between two separators; those in brackets belong to a note."""

_WHOLE_NUMBER_DIGITS: Final = 8

_REST: Final = re.compile(
    r"\s*(?:\d{1,4}|(?:extension|extn|ext|int|x|分机号?|转接?|内线)[\s.:=#]*\d{1,7}"
    r"|[a-z][a-z-]*=\S*)\D*",
    re.IGNORECASE,
)
"""What is no phone and belongs to the number before it: an extension."""

_NAMES_ANOTHER_LINE: Final = re.compile(
    r"\D*(?:(?<![a-z])fax(?![a-z])|传真)\D*", re.IGNORECASE
)
"""A label without a number, which tells what its neighbour is: "Tel/Fax: …"."""


def split_phones(text: str) -> list[str]:
    """Split a text into phones, each with its extension and its notes.

    Between them stand ; , / 、 or line ends, or blanks where every piece is long enough
    to be a number by itself: "(212) 555-0142" stays one.
    """
    numbers: list[str] = []
    for part in _joined_parts(text):
        pieces = part.split()
        numbers.extend(pieces if all(map(_is_whole, pieces)) else [part])
    return numbers


def _joined_parts(text: str) -> list[str]:
    """The pieces of a text; one that is no phone stays with the phone it is about."""
    if text and not _SEPARATOR.search(text):
        return [text]
    found = list(_PIECE.finditer(text))
    if not found:
        return []
    starts = [found[0].start()]
    for before, piece in pairwise(found):
        belongs_before = _REST.fullmatch(piece[0]) or _NAMES_ANOTHER_LINE.fullmatch(
            piece[0]
        )
        has_number = any(map(str.isdecimal, text[starts[-1] : before.end()]))
        leads = _NAMES_ANOTHER_LINE.fullmatch(before[0]) and not has_number
        if not leads and not (belongs_before and has_number):
            starts.append(piece.start())
    ends = [*starts[1:], len(text)]
    return [
        text[start:end].strip(_SEPARATORS)
        for start, end in zip(starts, ends, strict=True)
    ]


def _is_whole(piece: str) -> bool:
    return sum(map(str.isdecimal, piece)) >= _WHOLE_NUMBER_DIGITS
